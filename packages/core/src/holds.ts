import type { Instant } from './clock.ts'
import type { Claim, Grant } from './contract.ts'
import type { Engine } from './engine.ts'
import type { LossReason } from './events.ts'
import { Hold } from './hold.ts'
import type { HoldTerms } from './options.ts'

/** All leases of one `Locks`, and the only place where one begins or ends. */
export class Holds {
  readonly #engine: Engine
  readonly #all = new Set<Hold>()
  readonly #byKey = new Map<string, Hold>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  get size(): number {
    return this.#all.size
  }

  [Symbol.iterator](): Iterator<Hold> {
    return this.#all.values()
  }

  /** The lease of this key that is valid now. While there is one, nobody else can have the key: no need to ask. */
  valid(key: string): Hold | undefined {
    const hold = this.#byKey.get(key)
    return hold !== undefined && this.isValid(hold) ? hold : undefined
  }

  /** Whether the lease may be trusted now. One whose time is over is lost from here on, whatever the clocks say next. */
  isValid(hold: Hold): boolean {
    if (hold.state !== 'held') return false
    const now = this.#engine.clock.now()
    if (hold.remainingMs(now) > 0) return true
    this.lose(hold, hold.expiryReason(now))
    return false
  }

  /** Begins a lease; undefined where the grant's time is over already, counted from `since`. */
  begin(claim: Claim, terms: HoldTerms, grant: Grant, since: Instant): Hold | undefined {
    const hold = new Hold(claim, terms, grant, since, (due, now) => this.#attend(due, now))
    if (hold.remainingMs(this.#engine.clock.now()) <= 0) {
      this.#engine.withdraw(claim)
      return undefined
    }
    const older = this.#byKey.get(claim.key)
    // The backend gave the key to another claim of ours: it has forgotten the older one.
    if (older !== undefined && older.claim.holder !== claim.holder) this.lose(older, 'superseded')
    this.#all.add(hold)
    this.#byKey.set(claim.key, hold)
    this.#engine.scheduler.schedule(hold, hold.nextDue)
    return hold
  }

  /** A renewal that was sent at `since` succeeded. */
  extend(hold: Hold, grant: Grant, since: Instant): void {
    hold.extend(grant, since)
    this.#engine.scheduler.schedule(hold, hold.nextDue)
  }

  /** From here on, the lease ends unless it is renewed by hand. */
  stopRenewing(hold: Hold): void {
    hold.autoRenew = false
    hold.renewAt = undefined
    if (hold.state === 'held') this.#engine.scheduler.schedule(hold, hold.nextDue)
  }

  /** Ends a lease by its holder's will. */
  end(hold: Hold, state: 'released' | 'handed-off'): void {
    hold.state = state
    this.#remove(hold)
  }

  lose(hold: Hold, reason: LossReason): void {
    if (hold.state !== 'held') return
    hold.lose(reason)
    this.#remove(hold)
    // A renewal under way may still reach the server and keep the key for a whole TTL.
    if (reason !== 'gone') this.#engine.withdraw(hold.claim)
    this.#engine.emit({ type: 'lost', key: hold.claim.key, fencingToken: hold.fencingToken, reason })
    this.#engine.queues.advance(hold.claim.key)
  }

  #attend(hold: Hold, now: Instant): void {
    if (!this.isValid(hold)) return
    if (hold.renewAt !== undefined && hold.renewAt.monotonicMs <= now.monotonicMs) {
      hold.renewAt = undefined
      this.#engine.renewals.add(hold)
    }
    this.#engine.scheduler.schedule(hold, hold.nextDue)
  }

  #remove(hold: Hold): void {
    this.#all.delete(hold)
    this.#engine.scheduler.cancel(hold)
    if (this.#byKey.get(hold.claim.key) === hold) this.#byKey.delete(hold.claim.key)
  }
}
