import type { Instant } from '../clock.ts'
import type { Grant, Share } from '../contract.ts'
import { isLeaseholdError, limitReached } from '../errors.ts'
import { inNoContext } from '../no-context.ts'
import type { Bench } from './bench.ts'
import { Contender, type Place } from './contender.ts'
import type { Hall } from './desk.ts'
import type { KeyDesk } from './hall.ts'
import { Hold } from './hold.ts'
import type { HoldKeeper } from './hold-keeper.ts'
import { endures, type HoldTerms, type WaitTerms } from './options.ts'
import { noAnswer } from './requests.ts'
import type { ServerClaim } from './server-claim.ts'
import { countedFrom } from './validity.ts'
import { Waiter } from './waiter.ts'

/** So many ask at once where the last answer was a grant: the key is open to their kind. Where it was not, one stands in line at the backend for all. */
const AT_ONCE = 64

/** What becomes of a desk where nobody is left. */
export interface DeskOwner {
  empty(desk: ShareDesk): void
}

/** Those in this process who want a part of one key, all of one kind: several may have theirs at once. Who is next among all kinds, and all processes, says the backend's line. */
export class ShareDesk implements Place, HoldKeeper<Hold>, KeyDesk {
  readonly key: string
  readonly kind: Share['kind']
  readonly #hall: Hall
  readonly #owner: DeskOwner
  readonly #holds = new Set<Hold>()
  readonly #contenders = new Set<Contender>()
  /** First in, first out; contenders are no longer among them. */
  readonly #line = new Set<Waiter>()
  /** Who stands in line at the backend: nobody overtakes them, so who comes later stands behind them, and need not ask first. */
  readonly #standing = new Set<Waiter>()
  #atOnce = 1

  constructor(hall: Hall, owner: DeskOwner, key: string, kind: Share['kind']) {
    this.#hall = hall
    this.#owner = owner
    this.key = key
    this.kind = kind
  }

  get bench(): Bench {
    return this.#hall.bench
  }

  get holds(): readonly Hold[] {
    return [...this.#holds]
  }

  newClaim(terms: HoldTerms): ServerClaim {
    return this.#hall.newClaim(this.key, terms)
  }

  assertRoom(): void {
    this.#hall.assertRoomFor(1)
  }

  acquire(terms: WaitTerms, since: Instant): Promise<Hold> {
    const waiter = new Waiter(this.bench, this.key, terms, since)
    if (waiter.settled) return waiter.granted
    this.#hall.came()
    this.#line.add(waiter)
    waiter.onGivenUp = () => {
      this.#line.delete(waiter)
      this.#hall.left()
      this.#leaveIfEmpty()
    }
    this.#advance()
    if (this.#line.has(waiter)) {
      if (waiter.timeUp) waiter.timeOut()
      else this.#tell(waiter)
    }
    return waiter.granted
  }

  /** A contender found the key taken: for those behind it there is no need to ask. */
  tellWaiting(waiter: Waiter): void {
    this.#atOnce = 1
    this.#standing.add(waiter)
    this.#tell(waiter)
  }

  #tell(waiter: Waiter): void {
    const { told } = waiter
    waiter.told = true
    if (!told) this.bench.observer.tell({ type: 'waiting', key: this.key, heldHere: this.#holds.size > 0 })
  }

  begin(server: ServerClaim, terms: HoldTerms, grant: Grant, sentAt: Instant): Hold | undefined {
    const now = this.bench.clock.now()
    const hold = new Hold(this, server, terms, { grant, since: countedFrom(grant, sentAt, now) })
    const { maxLeases } = this.bench.options
    const full = this.#hall.leases >= maxLeases
    const fits = areSlotsOf(server.claim.share, hold.slots)
    if (full || !fits || server.over || hold.remainingMs(now) <= 0) {
      server.abandon()
      this.#leaveIfEmpty()
      if (!fits) throw noAnswer(this.bench, { what: 'acquire', claims: [server.claim] }, 'it is of other slots')
      if (full) throw limitReached('maxLeases', maxLeases)
      return undefined
    }
    hold.watch()
    this.#hall.leases += 1
    this.#holds.add(hold)
    this.#atOnce = AT_ONCE
    return hold
  }

  left(contender: Contender, failure?: unknown): void {
    this.#hall.left()
    this.#contenders.delete(contender)
    this.#standing.delete(contender.waiter)
    this.#shareFailure(failure)
    this.#advance()
    this.#leaveIfEmpty()
  }

  renewalDue(hold: Hold): void {
    this.#hall.renewals.add(hold)
  }

  renew(hold: Hold): Promise<void> {
    return this.#hall.renewals.renewNow(hold)
  }

  /** Whoever is next need not be of this kind. */
  passOn(): boolean {
    return false
  }

  leaving(hold: Hold): undefined {
    this.#forget(hold)
    // One that is being given back makes room: whoever waits here asks soon after it.
    this.#advance()
  }

  over(hold: Hold): void {
    this.#forget(hold)
    hold.server.drop()
    this.#advance()
    this.#leaveIfEmpty()
  }

  giveUpAll(reason: unknown): void {
    for (const waiter of this.#line) waiter.giveUp(reason)
    for (const { waiter } of this.#contenders) waiter.giveUp(reason)
  }

  #forget(hold: Hold): void {
    if (this.#holds.delete(hold)) this.#hall.leases -= 1
  }

  #advance(): void {
    for (const waiter of this.#line) {
      if (this.#contenders.size >= this.#atOnce) return
      this.#line.delete(waiter)
      this.#contend(waiter)
    }
  }

  #contend(waiter: Waiter): void {
    const contender = new Contender(this, waiter)
    this.#contenders.add(contender)
    const behind = this.#standing.size > 0 && waiter.terms.waitMs !== 0
    if (behind) {
      this.#standing.add(waiter)
      this.#tell(waiter)
    }
    void inNoContext(() => contender.contend(behind ? 'wait' : undefined))
  }

  /** What a contender was told holds for those who would ask next. */
  #shareFailure(failure: unknown): void {
    if (!isLeaseholdError(failure) || !failure.code.startsWith('BACKEND')) return
    for (const waiter of this.#line) if (!endures(waiter.terms)) waiter.giveUp(failure)
  }

  #leaveIfEmpty(): void {
    if (this.#holds.size === 0 && this.#contenders.size === 0 && this.#line.size === 0) this.#owner.empty(this)
  }
}

/** Whoever works under a slot relies on it. */
function areSlotsOf(share: Share | undefined, slots: readonly number[]): boolean {
  const { take, of } = share?.kind === 'permits' ? share : { take: 0, of: 0 }
  const known = slots.every((slot) => Number.isInteger(slot) && slot >= 0 && slot < of)
  return known && slots.length === take && new Set(slots).size === take
}
