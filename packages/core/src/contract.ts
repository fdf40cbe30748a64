import type { Clock, Instant } from './clock.ts'

/** One contender's request for one key: plain data that may be stored or sent to another process. */
export interface Claim {
  /** What is locked: 1 to 512 bytes of well-formed UTF-8 without NUL, compared byte for byte. */
  readonly key: string
  /** Who asks: 128 random bits in hexadecimal, new for every attempt. A secret between peers: never log it. */
  readonly holder: string
  /** How much of the key. Left out: all of it, and nobody else has any. Never sent to a backend that does not claim its kind in `Capabilities.shares`. */
  readonly share?: Share
}

/**
 * A part of a key, which others may have at the same time. Claims of different kinds exclude each other, and nobody overtakes the line: whoever waits is not passed by those who
 * came later, whatever they ask for.
 *
 * - `shared`: any number of them stand together
 * - `permits`: the `take` lowest slots that are free, of those from 0 to below `of`. Claims whose `of` differs need no agreement: each looks at its own
 */
export type Share =
  | { readonly kind: 'shared' }
  | { readonly kind: 'permits'; readonly take: number; readonly of: number }

/** What a claim asks for. */
export interface Terms {
  /** The duration to grant, in whole milliseconds. */
  readonly ttlMs: number
  /** JSON text of at most 4096 bytes, shown by `inspect` while the claim holds. */
  readonly metadata: string | undefined
  /** Others of this process want the key next: how many tokens after its own the grant should reserve for them. A backend may reserve more, fewer, or none. */
  readonly reserve?: number
}

/** The backend's positive answer to a claim. */
export interface Grant {
  readonly granted: true
  /**
   * How long the server keeps the key for this claim, in milliseconds; finite and positive.
   *
   * For a fresh grant and for a renewal this is the asked TTL, or what the server made of it. For a claim
   * that already held the key (a repeated `tryAcquire`), the time that remains. A grant shorter than asked, by however little, is
   * provisional: core renews it once, due at a third of it, even where the lease is not to renew itself later.
   */
  readonly ttlMs: number
  /** Strictly greater than every token granted or reserved before for this key, whatever the kind; drawn after exclusion was established. */
  readonly fencingToken: bigint
  /** Which of the permits, from 0, in ascending order: as many as the claim takes. Only where its share is of permits; a renewal tells them, too. */
  readonly slots?: readonly number[]
  /**
   * How many of the tokens that follow `fencingToken` nobody else will be granted. Core passes the hold on inside the process, to the next who wants it, under the next of them, without asking.
   * Default none.
   */
  readonly reserved?: number
  /**
   * An instant not later than the one from which the server counts `ttlMs`, read from `Core.clock`. Left out, core counts from before it called the backend. A wait that brings a grant must give it,
   * unless the grant's `ttlMs` still runs when counted from the beginning of the wait.
   */
  readonly since?: Instant
}

/** Somebody else holds the key, or stands before this claim in the queue. */
export interface Contended {
  readonly granted: false
  /** Milliseconds until the key may come free by expiry, where the backend knows it: an upper bound for core's next poll. */
  readonly remainingMs?: number
}

/**
 * What became of one renewed claim.
 *
 * - a `Grant`: the remaining time was reset to the TTL; the token is the one it always had, or the reserved one that was named
 * - `'gone'`: the claim definitely does not hold the key; it never will again
 * - `'gone: …'`: the same, and why: what `forceRelease` was given
 * - `'unknown'`: no answer for this claim (one shard of several did not reply)
 */
export type Renewal = Grant | 'gone' | `gone: ${string}` | 'unknown'

/** A claim whose remaining time is to be reset to `ttlMs`, in whole milliseconds. */
export interface RenewedClaim extends Claim {
  readonly ttlMs: number
  /** The token that the lease has now: where it is one of those that the grant reserved, it becomes the token of the hold, which never goes back. */
  readonly fencingToken?: bigint
}

/** A claim together with what it asks for. */
export interface Candidate extends Claim, Terms {}

/** What `inspect` shows of one present hold. Never the holder's id. */
export interface Inspection {
  readonly fencingToken: bigint
  /** Time until the server frees the key, in milliseconds, when the server answered. */
  readonly remainingMs: number
  readonly metadata: string | undefined
  /** As in the claim. Left out: all of the key. */
  readonly share?: Share
  /** As in the grant. */
  readonly slots?: readonly number[]
}

/** A hold, and of what. */
export interface ListedHold extends Inspection {
  readonly key: string
}

/** Facts about a backend that core or the conformance suite acts on. Claims: the suite checks that they are true. */
export interface Capabilities {
  /** Waiters of different processes are granted in the order in which they began to wait at the backend. */
  readonly fifo: boolean
  /** A claim may be renewed and released by a process other than the one that acquired it. */
  readonly handOff: boolean
  /** Holds outlive a restart of the server. Where `false`, a restart ends every lease. */
  readonly survivesRestart: boolean
  /** How much later than the granted TTL the server may free the key of a dead holder, in milliseconds. */
  readonly slackMs: number
  /** The smallest TTL that the backend grants, in milliseconds: asked for less, it grants this. */
  readonly minTtlMs: number
  /** It learns of losses by itself, such as by the end of a session, and tells `Core.lost`. Default false: core learns of them by renewals. */
  readonly tellsLosses?: boolean
  /**
   * While a claim waits, the backend asks the server by itself whether its turn has come: `waitForTurn` ends within `slackMs` after the key can be had, also where nothing was told, and where a holder has
   * fallen silent. Then core does not poll beside it. Default false.
   */
  readonly selfPolling?: boolean
  /** Parts of a key that it grants, beside all of it. It needs `waitForTurn` for that, and a line at the server. Default none. */
  readonly shares?: readonly Share['kind'][]
}

/** What core is to its backend. */
export interface Core {
  /** What the backend measures time by: that of `createLocks`. `Grant.since` must be read from it. */
  readonly clock: Clock
  /**
   * Of a backend with `tellsLosses`: this claim definitely does not hold its key any more. Its lease is lost at once. Claims of which core holds no lease are ignored, so a grant must
   * not be answered after the loss of it was told. `why`: what `forceRelease` was given.
   */
  lost(claim: Claim, why?: string): void
  /** Something about the server that its operator should know. Tell it once for each code. */
  advise(advice: Advice): void
}

/** What is wrong with the settings of a server. */
export interface Advice {
  /** Stable, such as `EVICTION`. */
  readonly code: string
  readonly message: string
  /** It ends exclusion, or keeps all locks from being taken. Where `createLocks` has no `onAdvice`, it becomes a warning of the process. */
  readonly costsLocks: boolean
}

/**
 * What a backend must do. Three operations make one; the optional ones make it faster or more capable.
 *
 * All policy (queueing, retry, deadlines, renewal, loss, abort, events) is core's. A backend answers, or throws the
 * driver's error. Answers: granted, contended, gone, released or not. Everything else is thrown, and core treats
 * the outcome as unknown: it may have taken effect, or still may. A driver must never resend a command on its own. Where nothing was sent, since the
 * connection was known to be dead, use another one and tell nobody.
 */
export interface LockBackend {
  /** Shown in errors and reports, such as `redis`. */
  readonly name: string
  readonly capabilities: Capabilities

  /**
   * One attempt, atomic at the server. Idempotent on the claim: where the claim already holds the key, the answer is its
   * existing token with the time that remains. Leaves nothing behind at the server when contended.
   */
  tryAcquire(claim: Claim, terms: Terms): Promise<Grant | Contended>

  /**
   * Resets the remaining time of each claim that still holds its key to its `ttlMs` from now, and never shortens it. Keeps the token, or takes the reserved one that is named.
   * Compares the holder and acts in one atomic step per claim; never revives an expired claim, never acquires.
   * The answers stand in the order of the claims. A batch has at most 500 of them.
   */
  renew(renewals: readonly RenewedClaim[]): Promise<readonly Renewal[]>

  /**
   * Ends the hold of this claim, and its place in the queue if it waits; touches nobody else's. True: this call ended
   * the hold. False: the claim did not hold the key.
   *
   * `next` is the local waiter whose `waitForTurn` core calls right after this call, in the same turn of the event loop. A backend may
   * queue it in the same trip as the release; one that ignores `next` is correct.
   */
  release(claim: Claim, next?: Candidate): Promise<boolean>

  /**
   * `release` of many, at most 500, whose keys nobody here waits for. The answers stand in the order of the claims. Rejects where it is not known of each; what is not known
   * is asked for again. Without this operation core releases one by one, few at a time.
   */
  releaseAll?(claims: readonly Claim[]): Promise<readonly boolean[]>

  /**
   * Waits at the backend for the claim's turn. Resolves with the grant where the wait itself brings it, or with `undefined` as
   * a hint to try again (hints may be false or stale). Settles soon after `signal` aborts; a grant that crosses with the
   * abort may be returned or dropped: core releases the claim afterwards in either case. Only where an attempt
   * was granted the key meanwhile is it not released: the abort ends the wait then, and not the hold.
   *
   * While it waits, core may call `tryAcquire` with the same claim, as a poll: it must not lose its place.
   * Without this operation core polls, and beside it, too, unless the backend is `selfPolling`.
   */
  waitForTurn?(claim: Claim, terms: Terms, signal: AbortSignal): Promise<Grant | undefined>

  /** All or nothing, atomic over all claims. Grants stand in the order of the claims. Idempotent as `tryAcquire` is. */
  tryAcquireAll?(claims: readonly Claim[], terms: Terms): Promise<readonly Grant[] | Contended>

  /** The present holds of the key. Empty: nobody's. */
  inspect?(key: string): Promise<readonly Inspection[]>

  /** The present holds of the keys that begin with `prefix`, in any order: at most `limit` of them. */
  list?(prefix: string, limit: number): Promise<readonly ListedHold[]>

  /**
   * Calls `changed` soon after the holds of the key change, or what they show, until `signal` aborts; once at the beginning. May call it more often. Core looks again then, and at every
   * `pollMs` where this operation is missing. Never rejects: a watch that breaks down begins again, and calls.
   */
  watch?(key: string, signal: AbortSignal, changed: () => void): void

  /** Replaces what `inspect` shows of a hold, JSON text of at most 4096 bytes. False: the claim does not hold the key. */
  annotate?(claim: Claim, metadata: string): Promise<boolean>

  /**
   * Ends every hold of the key, whoever has it, and lets in those who wait. Whoever is granted the key next has a greater token. `reason` is told to the holders by their renewals, as `'gone: …'`, for
   * an hour at least, or sooner by `Core.lost`. Resolves with how many holds it ended.
   */
  forceRelease?(key: string, reason: string): Promise<number>

  /** Core hands itself in, once, before it asks anything. `Attachment` can stand for it from the beginning. */
  attach?(core: Core): void

  /**
   * Tells a refusal (wrong password, missing schema, read-only server: repeating is of no use and nothing took effect)
   * from the default, `'unavailable'`: repeating may help, and the outcome is unknown.
   */
  classifyError?(error: unknown): 'refused' | 'unavailable'

  /** Frees connections and timers. Called once, after core has released what it held. */
  close?(): Promise<void>
}
