import { earlier, type Instant, msUntil, shift } from '../clock.ts'
import type { Grant } from '../contract.ts'
import type { LossReason } from '../events.ts'
import type { HoldTerms } from './options.ts'
import type { Granted } from './passing.ts'

/** Renewal times fall on a grid of at most this fraction of the TTL, so that leases taken at different moments share a request. Its steps are powers of two: those of different TTLs meet. */
const GRID = 30

/** How long a lease may be trusted: computed on both clocks, with no timer and no server. */
export class Validity {
  readonly #terms: HoldTerms
  readonly #maxHoldUntil: Instant | undefined
  /** Changed here alone. */
  until: Instant

  constructor(terms: HoldTerms, { grant, since, passedAt = since }: Granted) {
    this.#terms = terms
    this.#maxHoldUntil = terms.maxHoldMs === undefined ? undefined : shift(passedAt, terms.maxHoldMs)
    this.until = this.#trustedUntil(grant, since)
  }

  /** What has ended it, when it is over. */
  expiryReason(now: Instant): LossReason {
    return this.#maxHoldUntil && msUntil(this.#maxHoldUntil, now) <= 0 ? 'max-hold' : 'expired'
  }

  /** An answer that was overtaken by a later one changes nothing. */
  extend(grant: Grant, since: Instant): void {
    const until = this.#trustedUntil(grant, since)
    if (until.monotonicMs > this.until.monotonicMs) this.until = until
  }

  /** The clock starts before the send; the margin covers clocks that run at different rates. */
  #trustedUntil(grant: Grant, since: Instant): Instant {
    const { marginMs, ttlMs } = this.#terms
    const grantedMs = grant.ttlMs
    // Where none was given: clocks whose rates differ by up to 1%, and 2 ms for timers' resolution. For a grant shorter than asked, drift has less time.
    const scaledMs = marginMs === undefined ? Math.max(2, grantedMs / 100) : marginMs * Math.min(1, grantedMs / ttlMs)
    const until = shift(since, grantedMs - scaledMs)
    return this.#maxHoldUntil ? earlier(until, this.#maxHoldUntil) : until
  }
}

/** The time of a grant runs from before its request was sent, unless the backend knows better: but never from the future. */
export const countedFrom = ({ since }: Grant, sentAt: Instant, now: Instant): Instant => earlier(since ?? sentAt, now)

/** A third of the TTL after `since`, on the grid. */
export function renewalDue({ ttlMs }: Grant, since: Instant): Instant {
  // The greatest power of two that is not more; of the shortest TTLs, 1.
  const gridMs = 1 << Math.max(0, 31 - Math.clz32(ttlMs / GRID))
  const dueMs = Math.floor((since.monotonicMs + ttlMs / 3) / gridMs) * gridMs
  return shift(since, dueMs - since.monotonicMs)
}
