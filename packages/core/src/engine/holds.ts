import { earlier, type Instant, msUntil } from '../clock.ts'
import type { Claim, Grant } from '../contract.ts'
import { limitReached } from '../errors.ts'
import type { LossReason } from '../events.ts'
import type { Engine } from './engine.ts'
import { Hold } from './hold.ts'
import type { HoldTerms } from './options.ts'

/** All leases of one `Locks`, and the only place where one begins or ends. */
export class Holds {
  readonly #engine: Engine
  readonly #byKey = new Map<string, Hold>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get size(): number {
    return this.#byKey.size
  }

  [Symbol.iterator](): Iterator<Hold> {
    return this.#byKey.values()
  }

  /** The lease of this key that is valid now. While there is one, nobody else can have the key: no need to ask. */
  valid(key: string): Hold | undefined {
    const hold = this.#byKey.get(key)
    return hold && this.isValid(hold) ? hold : undefined
  }

  /** Whether the lease may be trusted now. One whose time is over is lost from here on, whatever the clocks say next. */
  isValid(hold: Hold, now = this.#engine.clock.now()): boolean {
    if (hold.state !== 'held') return false
    if (hold.remainingMs(now) > 0) return true
    this.lose(hold, hold.expiryReason(now))
    return false
  }

  /**
   * Begins a lease; undefined where the grant is of no use: its time is over already, or the key was granted
   * again after it (answers may overtake each other; tokens tell their order). What is of no use is withdrawn.
   */
  begin(claim: Claim, terms: HoldTerms, grant: Grant, sentAt: Instant, shared = false): Hold | undefined {
    const now = this.#engine.clock.now()
    const hold = new Hold(claim, terms, grant, countedFrom(grant, sentAt, now), shared, this)
    const known = this.#byKey.get(claim.key)
    const overtaken = known && known.fencingToken > grant.fencingToken
    const { maxLeases } = this.#engine.options
    const full = !known && this.size >= maxLeases
    if (full || overtaken || hold.remainingMs(now) <= 0) {
      this.giveBack(hold)
      if (full) throw limitReached('maxLeases', maxLeases)
      return undefined
    }
    this.plan(hold)
    this.#byKey.set(claim.key, hold)
    // The backend gave the key to another claim of ours: it has forgotten the older one.
    if (known) this.lose(known, 'superseded')
    return hold
  }

  /** A renewal that was sent at `sentAt` succeeded. */
  extend(hold: Hold, grant: Grant, sentAt: Instant, now = this.#engine.clock.now()): void {
    hold.extend(grant, countedFrom(grant, sentAt, now))
    this.plan(hold)
  }

  /** The backend may still keep the key for a hold that is over. A shared claim is left to the server's clock: somebody else may live on it. */
  giveBack(hold: Hold): void {
    if (!hold.shared) this.#engine.withdraw([hold.claim])
  }

  /** Looks after the hold again when it is due. */
  plan(hold: Hold): void {
    if (hold.state === 'held') this.#engine.scheduler.schedule(hold, hold.nextDue)
  }

  /** Renews at once, and then never again unless asked to. */
  renewOnce(hold: Hold): void {
    hold.autoRenew = false
    hold.confirmed = false
    hold.renewAt = this.#engine.clock.now()
    this.plan(hold)
  }

  /** Ends a lease by its holder's will. */
  end(hold: Hold, state: 'released' | 'handed-off'): void {
    hold.state = state
    this.#remove(hold)
  }

  lose(hold: Hold, reason: LossReason): void {
    if (hold.state !== 'held') return
    this.#remove(hold)
    hold.lose(reason)
    // A renewal under way may still reach the server and keep the key for a whole TTL.
    if (reason !== 'gone') this.giveBack(hold)
    this.#engine.tell('lost', hold, { reason })
    this.#engine.queues.advance(hold.claim.key)
  }

  /** The backend says so by itself. */
  gone({ key, holder }: Claim): void {
    const hold = this.#byKey.get(key)
    if (hold?.claim.holder === holder) this.lose(hold, 'gone')
  }

  /** Renews what is to be renewed, ends what is over. */
  attend(hold: Hold, now: Instant): void {
    if (!this.isValid(hold, now)) return
    if (hold.renewAt && msUntil(hold.renewAt, now) <= 0) {
      hold.renewAt = undefined
      this.#engine.renewals.add(hold)
    }
    this.plan(hold)
  }

  #remove(hold: Hold): void {
    this.#engine.scheduler.cancel(hold)
    if (this.#byKey.get(hold.claim.key) === hold) this.#byKey.delete(hold.claim.key)
  }
}

/** The time of a grant runs from before its request was sent, unless the backend knows better: but never from the future. */
const countedFrom = ({ since }: Grant, sentAt: Instant, now: Instant): Instant => earlier(since ?? sentAt, now)
