import type { Clock } from './clock.ts'
import type { Advice, Inspection, Share } from './contract.ts'
import type { LeaseholdError } from './errors.ts'
import type { LockEvent } from './events.ts'

/** A value that JSON can carry. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** How a lease is held. Every duration is a number of milliseconds. */
export interface HoldOptions {
  /** What to ask of the backend: a whole number from 10 to 31 536 000 000 (a year). Default 30 000. */
  readonly ttlMs?: number | undefined
  /**
   * Safety margin for clocks that run at different rates: validity ends this much before the granted TTL.
   * From 0 to below `ttlMs`. Default: 1% of the granted TTL, at least 2.
   */
  readonly marginMs?: number | undefined
  /** Renew in the background, due at a third of the TTL. Default true. */
  readonly autoRenew?: boolean | undefined
  /**
   * The lease is lost (reason `max-hold`) after this time, however often it was renewed, and the lock is given up; one that came by a handle is
   * left to its TTL, since somebody else may live on it. Default: never, as `Infinity` says where a default is set.
   */
  readonly maxHoldMs?: number | undefined
  /**
   * The key stays held for at least so long, also where the work is done sooner or the process ends: 0 to `ttlMs`. A `release` before that ends the lease, and lets the next in when the time is over; so does a loss. Holds that end with a session, as Postgres' advisory locks do, are kept only while the process lives. For
   * jobs that must not run again on a machine whose clock is behind. A handle does not carry it. Default 0.
   */
  readonly minHoldMs?: number | undefined
  /** Shown to others by `inspect`: JSON of at most 4096 bytes. */
  readonly metadata?: unknown
}

export interface AcquireOptions extends HoldOptions {
  /**
   * How long to wait: 0 or more. 0: one attempt. Left out, or `Infinity`: until granted or aborted. An attempt under way gets its answer, and one is made
   * when the time is over: a wait may last one request longer. A request under way is not cut short for the next waiter of the key.
   */
  readonly waitMs?: number | undefined
  /** Stops the wait; `acquire` rejects with `signal.reason`. Has no effect on a lease once granted. Whatever has its shape will do, from any realm. */
  readonly signal?: AbortSignal | undefined
  /**
   * What to do while no answer comes from the backend: `'throw'` the `BACKEND_UNAVAILABLE` error of the first attempt, or `'wait'` for it like for a holder, as
   * long as `waitMs` says. Default: `'wait'` with `waitMs`, else `'throw'`: a wait without end would hide a host name with a typing error.
   */
  readonly whenUnreachable?: 'throw' | 'wait' | undefined
  /**
   * What to do when this code runs under a lease on the key (inside `run`, at any depth, of this same `Locks`) and would wait for itself: `'throw'`
   * a `SELF_DEADLOCK` error (default), or `'wait'`, where it does not await the result. A lease of a plain `acquire` belongs to no code: anybody
   * may release it, so it is waited for.
   */
  readonly whenHeld?: 'throw' | 'wait' | undefined
}

/** What `createLocks` takes: defaults for every lock, and what concerns all of them. */
export interface LocksOptions extends Omit<AcquireOptions, 'signal' | 'metadata'> {
  /**
   * The one observer. What it throws is reported as a process warning and changes nothing. Tokens are `bigint`: `JSON.stringify` needs a replacer.
   */
  readonly onEvent?: ((event: LockEvent) => unknown) | undefined
  /** Told what is wrong with the settings of a server, once for each code, as far as the backend looks. Default: what costs locks becomes a warning of the process. */
  readonly onAdvice?: ((advice: Advice) => unknown) | undefined
  /** Default: `performance.now()`, `Date.now()` and unref'd timers. */
  readonly clock?: Clock | undefined
  /** Numbers from 0 to below 1, for the jitter of polls. Default `Math.random`. */
  readonly random?: (() => number) | undefined
  /**
   * How long one request to the backend may take before its outcome counts as unknown: 1 to 60 000. Default 2000. An acquire takes no longer than the
   * TTL, a renewal no longer than a third of it, or of the backend's smallest TTL where that is longer. A release that finds no server is repeated for half this time.
   */
  readonly requestTimeoutMs?: number | undefined
  /** The longest time between two attempts of a waiting contender, if no wake-up arrives: 1 to 60 000. Default 1000. Of no effect where the backend polls by itself, and reaches its server. */
  readonly pollMs?: number | undefined
  /** Most leases held at once by this object. Default 100 000. */
  readonly maxLeases?: number | undefined
  /** Most callers of `acquire` at once, waiting or asking, in this object. Default 100 000. */
  readonly maxWaiters?: number | undefined
}

/** All locks of one backend, as one process sees them. Owns the backend that it was given. */
export interface Locks extends AsyncDisposable {
  /** Names a lock. No I/O, no state. Throws `TypeError` or `RangeError` for a key that breaks a rule. */
  named(key: string, defaults?: HoldOptions): Lock
  /**
   * Refuses new work, ends waits with `CLOSED`, releases every lease, closes the backend. A `run` under way is told by `lease.signal`, and has its lease, renewed, until its
   * work has ended or `drainMs` is over: whoever is next does not begin before. Rejects for bad options only; says what it could not do.
   */
  close(options?: CloseOptions): Promise<CloseReport>
}

export interface CloseOptions {
  /** How long work under a `run` may take to come to its end, in milliseconds: from 0 to a year. Default 10 000. Then its lease is released under it. */
  readonly drainMs?: number | undefined
}

export type ResumeOptions = Pick<HoldOptions, 'autoRenew' | 'maxHoldMs'>

/** Something that can be held, by a `Lease` or a `LeaseGroup`. Holds no state of its own. */
export interface Lockable<Held, Asked = unknown> {
  /** One attempt: what was asked for, or null where somebody else has it. May pass callers that wait. */
  tryAcquire(options?: HoldOptions & Asked): Promise<Held | null>
  /** Waits for its turn. Rejects with `ACQUIRE_TIMEOUT`, `signal.reason`, `SELF_DEADLOCK`, `LIMIT_REACHED`, `CLOSED` or a backend error. */
  acquire(options?: AcquireOptions & Asked): Promise<Held>
  /** Acquires, works, releases: `acquire`, and `run` of what it brings. */
  run<T>(work: (held: Held) => Promise<T> | T): Promise<T>
  run<T>(options: AcquireOptions & Asked, work: (held: Held) => Promise<T> | T): Promise<T>
}

/** One key. Two `Lock`s of one key are the same lock. */
export interface Lock extends Lockable<Lease> {
  readonly key: string
  /**
   * The present holds, whoever has them: none if the key is free, several only where it is shared. `UNSUPPORTED` where the backend cannot tell. Of a lease whose turn was passed on inside
   * another process, the token may be that of the lease before, for up to 100 ms.
   */
  inspect(): Promise<readonly LockInspection[]>
}

/** A number of permits. Each lease has as many as it asked for. */
export interface Semaphore extends Lockable<Lease, PermitOptions> {
  readonly key: string
  /** How many permits there are, as this object sees it. */
  readonly count: number
}

export interface PermitOptions {
  /** How many to take: a whole number from 1 to the count. Default 1. */
  readonly permits?: number | undefined
}

/** Several keys, of which all are held or none. */
export interface LockGroup extends Lockable<LeaseGroup> {
  readonly keys: readonly string[]
}

export interface LockInspection extends Omit<Inspection, 'metadata'> {
  readonly metadata: Json | undefined
}

/**
 * What `release` says.
 * - `'released'`: this call ended the hold, or must have: an answer was missing, and the repeated request found it ended
 * - `'lost'`: the lease had ended before, other than by release
 * - `'handed-off'`: the lease is somebody else's to release
 */
export type ReleaseOutcome = 'released' | 'lost' | 'handed-off'

/** One successful, time-bounded hold of a lock. `await using` releases it, and never throws. */
export interface Lease extends AsyncDisposable {
  readonly key: string
  /** Give it to the resource with every write; the resource refuses a token older than one it has seen. */
  readonly fencingToken: bigint
  /** Which permits of a `Semaphore` it has, from 0. A slot is one holder's at a time, and its tokens increase: fence by key and slot. Of other leases, empty. */
  readonly slots: readonly number[]
  /**
   * How long the lease may still be trusted, computed now, in milliseconds; 0 when it is over. A lease that was waited for may begin with less than its TTL: its first renewal,
   * soon after, brings the rest, and so does `await lease.renew()`.
   */
  readonly remainingMs: number
  /** Aborts when the lease is lost or taken back by `close`, with the `LEASE_LOST` or `CLOSED` error as reason; a lead also by `resign`. A convenience: `assertHeld` is exact even after the event loop was blocked. */
  readonly signal: AbortSignal
  /** Throws `LEASE_LOST`, `LEASE_ENDED` or `CLOSED` unless the lease is valid now, `LEASE_EXPIRING` unless for another `minRemainingMs` (default 0). */
  assertHeld(minRemainingMs?: number): void
  /** Resets the remaining time to the TTL, or joins the renewal under way. Rejects with `LEASE_LOST`, `LEASE_ENDED`, or a backend error (the lease lives on till its deadline). */
  renew(): Promise<void>
  /**
   * Works, and releases. Does not begin where the lease is over already. Resolves with what `work` returned only if the lease was valid to its end, else rejects with `LEASE_LOST`, `CLOSED`, where `close` took it
   * back, or `LEASE_ENDED`, where `work` released it and somebody else is found to have it at the end. An error of `work` is passed on as it is, whatever the release does.
   * The process stays alive meanwhile. `work` is known to run under the lease (see `whenHeld`), which makes all promises of the process slower on Node 20 and 22:
   * `whenHeld: 'wait'` does without.
   */
  run<T>(work: (lease: Lease) => Promise<T> | T): Promise<T>
  /** Gives the lock up. Repeated calls return the first one's answer. Rejects with a backend error if the outcome is unknown: then the server frees the key within the TTL. */
  release(): Promise<ReleaseOutcome>
  /**
   * Ends the lease here without releasing it. The handle takes it up again with `resume`, once or often, in any process, until the TTL is over.
   * Leases taken up from one handle in two processes have one token and do not exclude each other; the first release ends the hold of both.
   */
  handOff(): LeaseHandle
}

/** Plain JSON that stands for a lease between two processes. A secret: whoever has it can renew and release. */
export interface LeaseHandle {
  readonly version: 1
  readonly key: string
  readonly holder: string
  /** Decimal digits. */
  readonly fencingToken: string
  readonly ttlMs: number
  /** Whether the lease renewed itself; `resume` goes on with that. */
  readonly autoRenew: boolean
  /** Where one was given. */
  readonly marginMs?: number
  /** Of a part of the key. */
  readonly share?: Share
}

/** Several leases taken together, in the order of the keys asked for. */
export interface LeaseGroup extends AsyncDisposable, Iterable<Lease> {
  readonly leases: readonly Lease[]
  /** The shortest of all. */
  readonly remainingMs: number
  /** Aborts when the first of them is lost. */
  readonly signal: AbortSignal
  /** The lease of this key; undefined where it is none of them. */
  get(key: string): Lease | undefined
  /** Renews all of them, as `Lease.renew` does. Rejects with the first failure. */
  renew(): Promise<void>
  assertHeld(minRemainingMs?: number): void
  /** Works under all of them, and releases them, as `Lease.run` does. */
  run<T>(work: (group: LeaseGroup) => Promise<T> | T): Promise<T>
  /** Releases all of them, whatever becomes of each. `'lost'` if any was. */
  release(): Promise<ReleaseOutcome>
  handOff(): LeaseHandle[]
}

/** What `close` did. */
export interface CloseReport {
  /** How many leases it released, or saw released by the end of a `run`. */
  readonly released: number
  /** Keys whose `run` had not come to its end when `drainMs` was over: their work went on without the lease. */
  readonly interrupted: readonly string[]
  /** Keys whose release is not certain: the server frees them within their TTL. */
  readonly unreleased: readonly { readonly key: string; readonly error: LeaseholdError }[]
  /** What the backend's own `close` threw, if it did. */
  readonly backendError: LeaseholdError | undefined
}

/** What `stats` shows of the `Locks` of one process. */
export interface LocksStats {
  /** Leases held. */
  readonly leases: number
  /** Callers of `acquire` that wait or ask. */
  readonly waiting: number
  /** Leases whose renewal is under way. */
  readonly renewing: number
  /** Most leases, and callers of `acquire`, at once: what `createLocks` was given. */
  readonly maxLeases: number
  readonly maxWaiters: number
}

export interface ListOptions {
  /** Only keys that begin with this. Default all. */
  readonly prefix?: string | undefined
  /** Most holds to list: 1 to 10 000. Default 1000. */
  readonly limit?: number | undefined
}

/** A hold, whoever has it. */
export interface LockListing extends LockInspection {
  readonly key: string
}

/** Who leads, as the server sees it. */
export interface Leader {
  /** The fencing token of the lead: whoever leads later has a greater one. */
  readonly term: bigint
  /** What the leader has proclaimed, such as its address. */
  readonly value: Json | undefined
  /** Until the server would give the lead away, in milliseconds. */
  readonly remainingMs: number
}

export interface CampaignOptions extends Omit<AcquireOptions, 'metadata'> {
  /** Shown to others as `Leader.value`: JSON of at most 4096 bytes. */
  readonly value?: unknown
}

/** One of several processes leads, under a lease: it loses the lead at its deadline like any lease. */
export interface Election {
  readonly key: string
  /** This object leads now, by its own clocks. */
  readonly isLeader: boolean
  /** The fencing token of the lead, while `isLeader`. */
  readonly term: bigint | undefined
  /** Waits to be elected, as `Lock.acquire` waits, and resolves with the lead. Where this object leads already, or another campaign of it is elected first, with that. */
  campaign(options?: CampaignOptions): Promise<Lease>
  /** Gives the lead up, if this object has it: the next is elected at once. Work under it is told by `lease.signal`, with `LEASE_ENDED` as reason. */
  resign(): Promise<void>
  /**
   * Leads again and again: campaigns, works as the leader, and campaigns anew where the lead was lost, once `work` has ended. Resolves with what `work` returned to its end. Rejects with what `work` threw while it led, and with
   * `signal.reason` once that aborts: a lead is given up then, when `work` has ended. `lease.signal` tells the work that the lead is lost or given up, or `signal` has aborted. An unreachable backend is waited for.
   * Works under the lead that `campaign` has brought, if there is one. A run that is begun while another one of this object works waits for the end of that, and has a lead of its own.
   */
  run<T>(work: (lease: Lease) => Promise<T> | T): Promise<T>
  run<T>(options: CampaignOptions, work: (lease: Lease) => Promise<T> | T): Promise<T>
  /** Shows `value` to others from now on. Rejects with `LEASE_ENDED` or `LEASE_LOST` where this object does not lead, `UNSUPPORTED` where the backend cannot. */
  proclaim(value: unknown): Promise<void>
  /** Who leads; null: nobody. `UNSUPPORTED` where the backend cannot tell. */
  leader(): Promise<Leader | null>
  /** Who leads, now and after every change of leader or value: pushed where the backend can, else looked at every `pollMs`. Changes that follow each other quickly may be told as one. Ends when `signal` aborts. */
  observe(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterableIterator<Leader | null>
}
