import { type Instant, msUntil, shift } from './clock.ts'
import type { Claim, Grant } from './contract.ts'
import { LeaseholdError } from './errors.ts'
import type { LossReason } from './events.ts'
import { defaultMarginMs, type HoldTerms } from './options.ts'
import type { Task } from './scheduler.ts'

/** Renewal times fall on a grid of this fraction of the TTL, so that leases taken at different moments share a request. */
const GRID = 30

/** The state of one lease: what was granted, how long it may be trusted, how it ended. */
export class Hold implements Task {
  due: Instant
  heapIndex = -1
  state: 'held' | 'lost' | 'released' | 'handed-off' = 'held'
  /** When the next renewal is due; undefined while one is under way, or where none is wanted. */
  renewAt: Instant | undefined
  autoRenew: boolean
  readonly claim: Claim
  readonly terms: HoldTerms
  readonly fencingToken: bigint
  readonly heldSince: Instant
  readonly #attend: (hold: Hold, now: Instant) => void
  readonly #maxHoldUntil: Instant | undefined
  #validUntil: Instant
  #abort: AbortController | undefined
  #loss: LeaseholdError | undefined

  constructor(
    claim: Claim,
    terms: HoldTerms,
    grant: Grant,
    since: Instant,
    attend: (hold: Hold, now: Instant) => void,
  ) {
    this.claim = claim
    this.terms = terms
    this.autoRenew = terms.autoRenew
    this.fencingToken = grant.fencingToken
    this.heldSince = since
    this.#attend = attend
    this.#maxHoldUntil = terms.maxHoldMs === undefined ? undefined : shift(since, terms.maxHoldMs)
    this.#validUntil = this.#trustedUntil(grant, since)
    this.due = this.#validUntil
    if (terms.autoRenew || grant.ttlMs < terms.ttlMs) this.#planRenewal(grant.ttlMs, since)
  }

  /** Computed on both clocks at the moment of asking: right even if no timer could fire. 0: not to be trusted. */
  remainingMs(now: Instant): number {
    return this.state === 'held' ? Math.max(0, msUntil(this.#validUntil, now)) : 0
  }

  /** What has ended a hold that is over by the clock. */
  expiryReason(now: Instant): LossReason {
    return this.#maxHoldUntil !== undefined && msUntil(this.#maxHoldUntil, now) <= 0 ? 'max-hold' : 'expired'
  }

  /** Counts a renewal that was sent at `since`. An answer that was overtaken by a later one changes nothing. */
  extend(grant: Grant, since: Instant): void {
    const until = this.#trustedUntil(grant, since)
    if (until.monotonicMs > this.#validUntil.monotonicMs) this.#validUntil = until
    if (this.autoRenew) this.#planRenewal(grant.ttlMs, since)
  }

  /** The next moment at which somebody must look: a renewal, or the end. */
  get nextDue(): Instant {
    const renewAt = this.renewAt
    return renewAt !== undefined && renewAt.monotonicMs < this.#validUntil.monotonicMs ? renewAt : this.#validUntil
  }

  fire(now: Instant): void {
    if (this.state === 'held') this.#attend(this, now)
  }

  lose(reason: LossReason): void {
    this.state = 'lost'
    const { key } = this.claim
    this.#loss = new LeaseholdError('LEASE_LOST', `the lease on ${JSON.stringify(key)} is lost: ${reason}`, { key })
    this.#abort?.abort(this.#loss)
  }

  /** Why this hold is over. */
  get endError(): LeaseholdError {
    const { key } = this.claim
    return (
      this.#loss ??
      new LeaseholdError('LEASE_ENDED', `the lease on ${JSON.stringify(key)} was ${this.state.replace('-', ' ')}`, {
        key,
      })
    )
  }

  /** Made on demand: most leases end without anybody having asked for it. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#loss !== undefined) this.#abort.abort(this.#loss)
    }
    return this.#abort.signal
  }

  /** The clock starts before the send; the margin covers clocks that run at different rates. */
  #trustedUntil(grant: Grant, since: Instant): Instant {
    const until = shift(since, grant.ttlMs - (this.terms.marginMs ?? defaultMarginMs(grant.ttlMs)))
    const limit = this.#maxHoldUntil
    return limit !== undefined && limit.monotonicMs < until.monotonicMs ? limit : until
  }

  #planRenewal(grantedTtlMs: number, since: Instant): void {
    const gridMs = grantedTtlMs / GRID
    const dueMs = Math.floor((since.monotonicMs + grantedTtlMs / 3) / gridMs) * gridMs
    this.renewAt = shift(since, dueMs - since.monotonicMs)
  }
}
