import { earlier, type Instant, msUntil, shift } from '../clock.ts'
import type { Claim, Grant } from '../contract.ts'
import { type LeaseholdError, leaseError } from '../errors.ts'
import type { LossReason } from '../events.ts'
import type { Slot, Task } from '../scheduler.ts'
import { defaultMarginMs, type HoldTerms } from './options.ts'

/** Renewal times fall on a grid of this fraction of the TTL, so that leases taken at different moments share a request. */
const GRID = 30

/** Who looks after a hold when it is due. */
interface HoldKeeper {
  attend(hold: Hold, now: Instant): void
}

/** The state of one lease: what was granted, how long it may be trusted, how it ended. */
export class Hold implements Task {
  scheduled?: Slot | undefined
  state: 'held' | 'lost' | 'released' | 'handed-off' = 'held'
  /** When the next renewal is due; undefined while one is under way, or where none is wanted. */
  renewAt: Instant | undefined
  autoRenew: boolean
  /** The full TTL was granted: false for a grant that is still to be renewed once. */
  confirmed: boolean
  /** Whether the release ended the hold at the backend, once there is one. */
  ending: Promise<boolean> | undefined
  /** Why the hold ended other than by its holder's will, if it did. */
  interruption: LeaseholdError | undefined
  /** The renewal under way. */
  renewal: Promise<ReadonlyMap<Hold, LeaseholdError>> | undefined
  /** Somebody else may hold the same claim: it came by a handle. */
  readonly shared: boolean
  readonly claim: Claim
  readonly terms: HoldTerms
  readonly fencingToken: bigint
  readonly heldSince: Instant
  readonly #keeper: HoldKeeper
  readonly #maxHoldUntil: Instant | undefined
  #validUntil: Instant
  #abort: AbortController | undefined

  constructor(claim: Claim, terms: HoldTerms, grant: Grant, since: Instant, shared: boolean, keeper: HoldKeeper) {
    this.shared = shared
    this.claim = claim
    this.terms = terms
    this.autoRenew = terms.autoRenew
    this.fencingToken = grant.fencingToken
    this.heldSince = since
    this.#keeper = keeper
    this.#maxHoldUntil = terms.maxHoldMs === undefined ? undefined : shift(since, terms.maxHoldMs)
    this.#validUntil = this.#trustedUntil(grant, since)
    this.confirmed = grant.ttlMs >= terms.ttlMs
    if (this.wantsRenewal) this.#planRenewal(grant.ttlMs, since)
  }

  /** Computed on both clocks at the moment of asking: right even if no timer could fire. 0: not to be trusted. */
  remainingMs(now: Instant): number {
    return this.state === 'held' ? Math.max(0, msUntil(this.#validUntil, now)) : 0
  }

  /** What has ended a hold that is over by the clock. */
  expiryReason(now: Instant): LossReason {
    return this.#maxHoldUntil && msUntil(this.#maxHoldUntil, now) <= 0 ? 'max-hold' : 'expired'
  }

  /** By this process, or by whoever has its handle. */
  get isWanted(): boolean {
    return this.state === 'held' || this.state === 'handed-off'
  }

  get wantsRenewal(): boolean {
    return this.autoRenew || !this.confirmed
  }

  /** Counts a renewal that was sent at `since`. An answer that was overtaken by a later one changes nothing. */
  extend(grant: Grant, since: Instant): void {
    this.confirmed = true
    const until = this.#trustedUntil(grant, since)
    if (until.monotonicMs > this.#validUntil.monotonicMs) this.#validUntil = until
    if (this.autoRenew) this.#planRenewal(grant.ttlMs, since)
  }

  /** The next moment at which somebody must look: a renewal, or the end. */
  get nextDue(): Instant {
    return this.renewAt ? earlier(this.renewAt, this.#validUntil) : this.#validUntil
  }

  fire(now: Instant): void {
    this.#keeper.attend(this, now)
  }

  lose(reason: LossReason): void {
    this.state = 'lost'
    this.cutShort(leaseError('LEASE_LOST', this.claim.key, `is lost: ${reason}`))
  }

  /** The lease is taken back from under running work. */
  cutShort(reason: LeaseholdError): void {
    this.interruption = reason
    this.#abort?.abort(reason)
  }

  /** Why this hold is over. */
  get endError(): LeaseholdError {
    return this.interruption ?? leaseError('LEASE_ENDED', this.claim.key, `was ${this.state}`)
  }

  /** Made on demand: most leases end without anybody having asked for it. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.interruption) this.#abort.abort(this.interruption)
    }
    return this.#abort.signal
  }

  /** The clock starts before the send; the margin covers clocks that run at different rates. */
  #trustedUntil(grant: Grant, since: Instant): Instant {
    const { marginMs, ttlMs } = this.terms
    // For a grant shorter than asked, drift has less time.
    const scaledMs = marginMs === undefined ? defaultMarginMs(grant.ttlMs) : marginMs * Math.min(1, grant.ttlMs / ttlMs)
    const until = shift(since, grant.ttlMs - scaledMs)
    return this.#maxHoldUntil ? earlier(until, this.#maxHoldUntil) : until
  }

  #planRenewal(grantedTtlMs: number, since: Instant): void {
    const gridMs = grantedTtlMs / GRID
    const dueMs = Math.floor((since.monotonicMs + grantedTtlMs / 3) / gridMs) * gridMs
    this.renewAt = shift(since, dueMs - since.monotonicMs)
  }
}
