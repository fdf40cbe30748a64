import type { ReleaseOutcome } from '../api.ts'
import { earlier, type Instant, msUntil, shift } from '../clock.ts'
import type { Claim, Grant } from '../contract.ts'
import { type LeaseholdError, leaseError } from '../errors.ts'
import type { LossReason } from '../events.ts'
import type { Slot, Task } from '../scheduler.ts'
import { msSince } from './bench.ts'
import type { Failures, HallOfHolds, HoldKeeper } from './hold-keeper.ts'
import type { LeaseEvent } from './lease-event.ts'
import { LeaseSignal } from './lease-signal.ts'
import { tell } from './observer.ts'
import type { HoldTerms } from './options.ts'
import { type Granted, isAlike, passedOn, UNTOLD_MS } from './passing.ts'
import type { ServerClaim } from './server-claim.ts'
import { countedFrom, renewalDue, Validity } from './validity.ts'

const NO_SLOTS: readonly number[] = []

type HoldState = 'held' | 'lost' | 'released' | 'handed-off'

/** One lease: what was granted, how long it may be trusted, how it ended. Nobody else changes that. */
export class Hold implements Task {
  scheduled?: Slot | undefined
  readonly hall: HallOfHolds<Hold>
  readonly server: ServerClaim
  readonly claim: Claim
  readonly key: string
  readonly terms: HoldTerms
  readonly fencingToken: bigint
  readonly slots: readonly number[]
  readonly heldSince: Instant
  /** Warns work under it: it is to come to its end. */
  readonly warning: LeaseSignal
  /** The server may know the hold under a smaller token. */
  readonly isPassedOn: boolean
  readonly #keeper: HoldKeeper<Hold>
  readonly #granted: Granted
  readonly #validity: Validity
  #state: HoldState = 'held'
  #autoRenew: boolean
  /** The full TTL was granted: false for a grant that is still to be renewed once. */
  #confirmed: boolean
  /** When the next renewal is due; undefined while one is under way, or where none is wanted. */
  #renewAt: Instant | undefined
  #renewal: Promise<Failures<Hold>> | undefined
  /** Its token and its time at the server are those of the grant, as far as is known here. */
  #asGranted = true
  /** Renewals fail. */
  #inJeopardy = false
  /** Of its release, once there is one. */
  #ending: Promise<ReleaseOutcome> | undefined
  #interruption: LeaseholdError | undefined

  constructor(keeper: HoldKeeper<Hold>, server: ServerClaim, terms: HoldTerms, granted: Granted) {
    const { grant, since, passedAt } = granted
    this.#granted = granted
    this.#keeper = keeper
    this.hall = keeper.hall
    this.warning = new LeaseSignal()
    this.server = server
    this.claim = server.claim
    this.key = server.claim.key
    this.terms = terms
    this.fencingToken = grant.fencingToken
    this.slots = grant.slots ?? NO_SLOTS
    this.heldSince = this.hall.clock.now()
    this.isPassedOn = server.byHandle || !!passedAt
    this.#validity = new Validity(terms, granted)
    this.#autoRenew = terms.autoRenew
    this.#confirmed = !passedAt && grant.ttlMs >= terms.ttlMs
    if (this.#wantsRenewal) this.#renewAt = renewalDue(grant, since)
    if (passedAt) this.#renewAt = earlier(this.#renewAt as Instant, shift(passedAt, UNTOLD_MS))
  }

  get state(): HoldState {
    return this.#state
  }

  get autoRenew(): boolean {
    return this.#autoRenew
  }

  /** The renewal under way. */
  get renewal(): Promise<Failures<Hold>> | undefined {
    return this.#renewal
  }

  /** Why the hold ended other than by its holder's will, if it did. */
  get interruption(): LeaseholdError | undefined {
    return this.#interruption
  }

  /** Computed on both clocks at the moment of asking: right even if no timer could fire. 0: not to be trusted. */
  remainingMs(now: Instant = this.hall.clock.now()): number {
    return this.#state === 'held' ? Math.max(0, msUntil(this.#validity.until, now)) : 0
  }

  /** Whether the lease may be trusted now. One whose time is over is lost from here on, whatever the clocks say next. */
  isValid(now: Instant = this.hall.clock.now()): boolean {
    if (this.#state !== 'held') return false
    if (this.remainingMs(now) > 0) return true
    this.lose(this.#validity.expiryReason(now))
    return false
  }

  /** Throws unless it is valid for so long. */
  assertValid(minRemainingMs = 0): void {
    const remainingMs = this.isValid() ? this.remainingMs() : 0
    if (remainingMs <= 0) throw this.#interruption ?? leaseError('LEASE_ENDED', this.key, `was ${this.#state}`)
    if (remainingMs >= minRemainingMs) return
    throw leaseError('LEASE_EXPIRING', this.key, `is valid for ${remainingMs} ms, less than ${minRemainingMs}`)
  }

  /** Looks after itself again when something is due. */
  watch(): void {
    if (this.#state !== 'held') return
    const { until } = this.#validity
    this.hall.scheduler.schedule(this, this.#renewAt ? earlier(this.#renewAt, until) : until)
  }

  /** Renews what is to be renewed, ends what is over. */
  fire(now: Instant): void {
    if (!this.isValid(now)) return
    if (this.#renewAt && msUntil(this.#renewAt, now) <= 0) {
      this.#renewAt = undefined
      this.hall.renewals.add(this)
    }
    this.watch()
  }

  /** Resets the remaining time to the TTL, or joins the renewal under way. */
  async renew(): Promise<void> {
    this.assertValid()
    await this.hall.renewals.renewNow(this)
    this.assertValid()
  }

  /** Renews at once, and then never again unless asked to. */
  renewOnce(): void {
    this.#autoRenew = false
    this.#confirmed = false
    this.#renewAt = this.hall.clock.now()
    this.watch()
  }

  /** Renews itself from its next renewal on. */
  renewAlways(): void {
    this.#autoRenew = true
  }

  /** A renewal is under way, or over. */
  renewing(renewal: Promise<Failures<Hold>> | undefined): void {
    this.#asGranted = false
    this.#renewal = renewal
  }

  /** A renewal that was sent at `sentAt` succeeded. */
  renewed(grant: Grant, sentAt: Instant, now: Instant): void {
    const since = countedFrom(grant, sentAt, now)
    this.#confirmed = true
    this.#inJeopardy = false
    this.#validity.extend(grant, since)
    if (this.#autoRenew) this.#renewAt = renewalDue(grant, since)
    this.watch()
  }

  /** A renewal failed, and is tried again, where one is wanted and none planned. Told once, until one succeeds. */
  renewalFailed(error: LeaseholdError): void {
    if (!this.#wantsRenewal || !this.isValid() || this.#renewAt) return
    this.#renewAt = shift(this.hall.clock.now(), Math.min(1000, Math.max(5, this.terms.ttlMs / 20)))
    this.watch()
    if (!this.#inJeopardy) this.tell({ type: 'jeopardy', remainingMs: this.remainingMs(), error })
    this.#inJeopardy = true
  }

  /** Gives the lease up, and says what became of it. Given up before, by whomever, the answer is the same. */
  giveUp(): Promise<ReleaseOutcome> {
    const now = this.hall.clock.now()
    if (this.#state === 'handed-off') return Promise.resolve(this.#state)
    if (this.#state !== 'released' && !this.isValid(now)) return Promise.resolve('lost')
    return this.release(now)
  }

  /** Resolves with `'lost'` where the server no longer held the key for it. `minHoldMs`: 0 where nobody has got it. */
  release(now: Instant = this.hall.clock.now(), minHoldMs?: number): Promise<ReleaseOutcome> {
    this.#ending ??= this.#release(now, minHoldMs)
    return this.#ending
  }

  async #release(now: Instant, minHoldMs?: number): Promise<ReleaseOutcome> {
    this.#end('released')
    if (this.#isKept(minHoldMs)) {
      this.#keeper.over(this)
      return this.#released(true)
    }
    if (this.#keeper.passOn(this)) return this.#released(true)
    const next = this.#keeper.leaving(this)
    const ending = this.server.end(next?.candidate, now)
    this.hall.outstanding.begin()
    next?.start('wait')
    try {
      return this.#released(await ending)
    } finally {
      this.hall.outstanding.end()
      this.#keeper.over(this)
    }
  }

  /** Too soon to give it back, as counted from when it was known here: what the validity counts from may be long before the grant. For at most the TTL, the server keeps the key where this process ends sooner. */
  #isKept(minHoldMs = this.terms.minHoldMs ?? 0): boolean {
    const ms = minHoldMs - msSince(this.hall, this.heldSince)
    if (ms <= 0) return false
    if (!this.#confirmed) void this.hall.renewals.renewNow(this).catch(() => {})
    this.hall.scheduler.after(ms, { fire: () => this.server.withdraw() })
    return true
  }

  #released(ended: boolean): ReleaseOutcome {
    if (!ended) this.tell({ type: 'lost', reason: 'gone' })
    else if (this.hall.options.onEvent) this.tell({ type: 'released', heldMs: msSince(this.hall, this.heldSince) })
    return ended ? 'released' : 'lost'
  }

  /** The lease of the next here, on the same hold at the server; undefined where somebody else may live on it, or it is not what the next asks for. */
  successor(terms: HoldTerms): Hold | undefined {
    if (!this.#asGranted || this.server.byHandle || !isAlike(terms, this.terms)) return undefined
    const now = this.hall.clock.now()
    const granted = passedOn(this.#granted, now)
    const next = granted && new Hold(this.#keeper, this.server, terms, granted)
    return next && next.remainingMs(now) > 0 ? next : undefined
  }

  /** Ends the lease here, and leaves the claim to whoever takes up its handle. */
  handOff(): void {
    // The handle speaks of the full TTL: so must the server.
    if (!this.#confirmed) void this.hall.renewals.renewNow(this).catch(() => {})
    this.#end('handed-off')
    this.tell({ type: 'handed-off' })
    this.#keeper.over(this)
  }

  /** `why`: what was said when somebody ended it by force. */
  lose(cause: LossReason, why?: string): void {
    if (this.#state !== 'held') return
    this.#end('lost')
    const told = why ? { reason: 'forced' as const, why } : { reason: cause }
    this.cutShort(leaseError('LEASE_LOST', this.key, `is lost: ${Object.values(told).join(': ')}`))
    if (cause === 'gone') this.server.gone()
    // A renewal under way may still reach the server and keep the key for a whole TTL.
    else if (!this.#isKept()) this.server.abandon()
    this.tell({ type: 'lost', ...told })
    this.#keeper.over(this)
  }

  /** What the server shows is no more what the grant was for. */
  annotated(): void {
    this.#asGranted = false
  }

  /** The lease is taken back from under running work. */
  cutShort(reason: LeaseholdError): void {
    this.#interruption = reason
    this.warning.warn(reason)
  }

  /** Whoever asked for it at `since` has it. */
  acquired(since: Instant): this {
    if (this.hall.options.onEvent) this.tell({ type: 'acquired', waitedMs: msSince(this.hall, since) })
    return this
  }

  tell(event: LeaseEvent): void {
    const { key, fencingToken, hall } = this
    if (hall.options.onEvent) tell(hall, { ...event, key, fencingToken })
  }

  get #wantsRenewal(): boolean {
    return this.#autoRenew || !this.#confirmed
  }

  #end(state: HoldState): void {
    this.#state = state
    this.hall.scheduler.cancel(this)
  }
}
