import { type Instant, msUntil, NEVER_MS, shift } from '../clock.ts'
import type { Candidate, Contended, Grant } from '../contract.ts'
import { isLeaseholdError } from '../errors.ts'
import { inNoContext } from '../no-context.ts'
import type { Slot, Task } from '../scheduler.ts'
import { type Bench, msSince } from './bench.ts'
import type { Hold } from './hold.ts'
import { assertRoomFor, type Counts } from './limits.ts'
import { tellFailure } from './observer.ts'
import { asked, endures, type HoldTerms } from './options.ts'
import { MOST_PASSES } from './passing.ts'
import { type Answered, wrap } from './requests.ts'
import type { ServerClaim } from './server-claim.ts'
import type { Waiter } from './waiter.ts'

/** Doubled each time: the next poll where the backend cannot wake us, the next retry of an unreachable one. */
const BACKOFF_MS = 5
/** An answer of "0 ms remain", repeated, must not become a busy loop: polls stand apart by the backoff, up to this. */
const POLL_FLOOR_MAX_MS = 50
/** Hints that come sooner than this after one another, and how many of them before they are slowed down. */
const SOON_MS = 10
const SOON_HINTS = 3
const SLOWED_MAX_MS = 50

/** Where a contender stands. */
export interface Place {
  readonly hall: Bench & Counts
  newClaim(terms: HoldTerms): ServerClaim
  /** Undefined where the grant is of no use: then it is being given back. */
  begin(claim: ServerClaim, terms: HoldTerms, grant: Grant, sentAt: Instant): Hold | undefined
  tellWaiting(contender: Contender): void
  /** The contender has its lease, or has given up: with an error, if that ended it. */
  left(contender: Contender, failure?: unknown): void
}

/** The one caller of a key who contends at the backend, on behalf of all who wait in this process. */
export class Contender implements Task {
  scheduled?: Slot | undefined
  waiter!: Waiter
  readonly #place: Place
  #claim: ServerClaim
  /** What became of the claim, if it was granted. */
  #hold: Hold | undefined
  #attempts = 0
  /** Attempts, and waits at the backend, that have failed since one was answered. */
  #failures = 0
  #waitFailures = 0
  /** The backend will refuse this contender to wait, however often it asks. */
  #refused = false
  #soonHints = 0
  /** Until the key may come free by expiry. */
  #remainingMs = NEVER_MS
  #turn: AbortController | undefined
  #brought: { readonly grant: Grant; readonly sentAt: Instant } | undefined
  /** The backend has said that it may be its turn: how soon that is looked at. */
  #hintMs: number | undefined
  #wake: () => void = () => {}

  constructor(place: Place, waiter: Waiter, claim = place.newClaim(waiter.terms)) {
    this.#place = place
    this.#claim = claim
    this.serve(waiter)
  }

  get #hall(): Place['hall'] {
    return this.#place.hall
  }

  /** From now on it contends for this one. */
  serve(waiter: Waiter): void {
    this.waiter = waiter
    waiter.onGivenUp = () => this.#wake()
    // An attempt under way gets its answer, and a pause ends with a last one. An outage is not waited for beyond the time.
    waiter.onTimeUp = () => (this.#failures > 0 ? waiter.timeOut() : this.#wake())
  }

  /** What a release may queue in the same trip. */
  get candidate(): Candidate {
    return { ...this.#claim.claim, ...asked(this.waiter.terms, MOST_PASSES) }
  }

  /**
   * Contends until the waiter is settled. `first`: its first attempt, if that is under way already, or
   * `'wait'`, where a release has just named this contender. Whoever's release or loss lets it start has nothing to do with it.
   */
  start(first?: Promise<Answered<Grant | Contended>> | 'wait'): void {
    void inNoContext(() => this.#contend(first))
  }

  async #contend(first?: Promise<Answered<Grant | Contended>> | 'wait'): Promise<void> {
    let failure: unknown
    try {
      if (first !== 'wait') await this.#attempt(first)
      while (!this.waiter.settled) {
        if (this.waiter.timeUp) this.waiter.timeOut()
        else await this.#pause()
        if (!this.waiter.settled && !this.#takeBrought()) await this.#attempt()
      }
    } catch (error) {
      failure = error
      this.waiter.giveUp(error)
    }
    if (this.#hold) return
    this.#endTurn()
    this.#claim.abandon()
    this.#place.left(this, failure)
  }

  fire(): void {
    this.#wake()
  }

  async #attempt(asked?: Promise<Answered<Grant | Contended>>): Promise<void> {
    this.#attempts += 1
    this.#hintMs = undefined
    try {
      if (!asked) assertRoomFor(this.#hall, 1)
      const { answer, sentAt } = await (asked ?? this.#claim.attempt(this.waiter.terms, MOST_PASSES))
      this.#failures = 0
      this.waiter.lastError = undefined
      if (answer.granted) this.#begin(answer, sentAt)
      else this.#contended(answer.remainingMs)
    } catch (error) {
      if (!isLeaseholdError(error, 'BACKEND_UNAVAILABLE') || !endures(this.waiter.terms)) throw error
      this.#failures += 1
      this.#remainingMs = NEVER_MS
      this.waiter.lastError = error
      tellFailure(this.#hall, 'acquire', this.waiter.key, error)
    }
  }

  #contended(remainingMs = -1): void {
    this.#remainingMs = remainingMs >= 0 ? remainingMs : NEVER_MS
    if (this.waiter.terms.waitMs !== 0) this.#place.tellWaiting(this)
  }

  /** Settles the waiter in the same turn: between a lease and the one who gets it there is no moment to give up. */
  #begin(grant: Grant, sentAt: Instant): void {
    if (this.waiter.settled) return
    const hold = this.#place.begin(this.#claim, this.waiter.terms, grant, sentAt)
    this.#hold = hold
    this.#endTurn()
    if (!hold) {
      // The grant was of no use, and is being given back: the next attempt needs a claim of its own.
      this.#claim = this.#place.newClaim(this.waiter.terms)
      return
    }
    // Before its holder goes on: it may release the lease at once, or wait for something else.
    this.#place.left(this)
    if (!this.waiter.grant(hold)) this.#hall.outstanding.during(hold.release())
  }

  /** A grant of which little time is left, or was told too vaguely, or that is kept for less than the least time, is only a hint: the next attempt tells what the server still grants, and says that it is wanted. */
  #takeBrought(): boolean {
    const brought = this.#brought
    this.#brought = undefined
    if (!brought) return false
    const { grant, sentAt } = brought
    const { ttlMs, since = sentAt } = grant
    const leftMs = msUntil(shift(since, ttlMs), this.#hall.clock.now())
    if (leftMs < ttlMs / 3 || ttlMs < (this.waiter.terms.minHoldMs ?? 0)) return false
    this.#begin(grant, sentAt)
    return true
  }

  #endTurn(): void {
    this.#hall.scheduler.cancel(this)
    this.#turn?.abort()
    this.#turn = undefined
    this.#brought = undefined
  }

  /** Until the backend wakes us, it is time to poll, or the waiter has given up. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      void this.#openTurn()
      this.#pollIn(this.#hintMs ?? this.#pollDelayMs())
      if (this.#brought) resolve()
    })
  }

  #pollIn(delayMs: number): void {
    this.#hall.scheduler.after(delayMs, this)
  }

  #pollDelayMs(): number {
    const { options, backend } = this.#hall
    const backoffMs = this.#backoffMs(this.#failures || this.#attempts)
    const pushed = backend.waitForTurn && !this.#refused && !this.#failures
    const longestMs = pushed ? options.pollMs : backoffMs
    const expiresInMs = Math.max(this.#remainingMs + 1, Math.min(POLL_FLOOR_MAX_MS, backoffMs))
    return pushed && backend.capabilities.selfPolling
      ? NEVER_MS
      : Math.min(longestMs * (0.75 + options.random() / 4 || 1), expiresInMs)
  }

  #backoffMs(times: number): number {
    return Math.min(this.#hall.options.pollMs, BACKOFF_MS * 2 ** times)
  }

  /** One wait stays open at the backend across polls, so that the place in its queue is kept. */
  async #openTurn(): Promise<void> {
    const hall = this.#hall
    if (!hall.backend.waitForTurn || this.#turn || this.#refused) return
    const turn = new AbortController()
    this.#turn = turn
    const claim = this.#claim
    const sentAt = hall.clock.now()
    try {
      const grant = await claim.wait(this.waiter.terms, MOST_PASSES, turn.signal)
      if (turn === this.#turn) this.#turnCame(grant, sentAt)
      else if (grant) claim.grantedLate()
    } catch (cause) {
      if (turn === this.#turn) this.#turnFailed(cause)
    }
  }

  /** A hint may be false; hints one soon after the other are slowed down. */
  #turnCame(grant: Grant | undefined, sentAt: Instant): void {
    this.#turn = undefined
    this.#waitFailures = 0
    if (grant) this.#brought = { grant, sentAt }
    else {
      this.#soonHints = msSince(this.#hall, sentAt) < SOON_MS ? this.#soonHints + 1 : 0
      this.#hintMs = this.#soonHints > SOON_HINTS ? Math.min(SLOWED_MAX_MS, 2 ** this.#soonHints) : 0
    }
    if (this.#hintMs && !grant) this.#pollIn(this.#hintMs)
    else this.#wake()
  }

  #turnFailed(cause: unknown): void {
    const hall = this.#hall
    const { claim } = this.#claim
    const error = wrap(hall, { what: 'wait for', claims: [claim] }, cause)
    this.#turn = undefined
    this.#waitFailures += 1
    this.#refused = error.code === 'BACKEND_REFUSED'
    // Told once: what follows says the same.
    if (this.#waitFailures === 1) tellFailure(hall, 'wait', claim.key, error)
    this.#pollIn(this.#backoffMs(this.#waitFailures))
  }
}
