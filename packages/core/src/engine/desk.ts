import type { Instant } from '../clock.ts'
import type { Grant } from '../contract.ts'
import { isLeaseholdError, limitReached } from '../errors.ts'
import type { Bench } from './bench.ts'
import { Contender, type Place } from './contender.ts'
import { Hold, type HoldKeeper } from './hold.ts'
import type { HoldTerms } from './options.ts'
import type { Renewals } from './renewals.ts'
import type { Requests } from './requests.ts'
import type { ServerClaim } from './server-claim.ts'
import { countedFrom } from './validity.ts'
import type { Waiter } from './waiter.ts'

/** What all desks share. */
export interface Hall {
  readonly bench: Bench
  readonly requests: Requests
  readonly renewals: Renewals
  /** Leases held, and callers who wait or contend. */
  leases: number
  waiting: number
  newClaim(key: string): ServerClaim
  assertRoomFor(count: number): void
  empty(desk: Desk): void
}

/** One key in this process: who holds it, who contends for it, who stands in line. The only place that says who is next. */
export class Desk implements Place, HoldKeeper {
  readonly key: string
  readonly #hall: Hall
  #hold: Hold | undefined
  #contender: Contender | undefined
  /** First in, first out; the contender is no longer among them. */
  readonly #line = new Set<Waiter>()

  constructor(hall: Hall, key: string) {
    this.#hall = hall
    this.key = key
  }

  get bench(): Bench {
    return this.#hall.bench
  }

  get requests(): Requests {
    return this.#hall.requests
  }

  /** The lease that is valid now. While there is one, nobody else can have the key: no need to ask. */
  get valid(): Hold | undefined {
    return this.#hold?.isValid() ? this.#hold : undefined
  }

  get hold(): Hold | undefined {
    return this.#hold
  }

  newClaim(): ServerClaim {
    return this.#hall.newClaim(this.key)
  }

  assertRoom(): void {
    this.#hall.assertRoomFor(1)
  }

  enter(waiter: Waiter): void {
    this.#hall.waiting += 1
    this.bench.outstanding.begin()
    this.#line.add(waiter)
    waiter.onGivenUp = () => {
      this.#line.delete(waiter)
      this.#left()
      this.#leaveIfEmpty()
    }
    this.#advance()
    if (!this.#line.has(waiter)) return
    if (waiter.attemptsOnce) waiter.timeOut()
    else this.tellWaiting(waiter)
  }

  /** Once per waiter, behind a lease of this process or of another. */
  tellWaiting(waiter: Waiter): void {
    const { told } = waiter
    waiter.told = true
    if (!told) this.bench.observer.tell({ type: 'waiting', key: this.key, heldHere: !!this.valid })
  }

  /**
   * Begins a lease; undefined where the grant is of no use: its time is over already, or the key was granted
   * again after it (answers may overtake each other; tokens tell their order), or it was told lost. What is of no use is given back.
   */
  begin(server: ServerClaim, terms: HoldTerms, grant: Grant, sentAt: Instant): Hold | undefined {
    const now = this.bench.clock.now()
    const hold = new Hold(this, server, terms, grant, countedFrom(grant, sentAt, now))
    const known = this.#hold
    const overtaken = known && known.fencingToken > grant.fencingToken
    const { maxLeases } = this.bench.options
    const full = !known && this.#hall.leases >= maxLeases
    if (full || overtaken || server.over || hold.remainingMs(now) <= 0) {
      server.abandon()
      this.#leaveIfEmpty()
      if (full) throw limitReached('maxLeases', maxLeases)
      return undefined
    }
    hold.watch()
    if (!known) this.#hall.leases += 1
    this.#hold = hold
    // The backend gave the key to another claim of ours: it has forgotten the older one.
    known?.lose('superseded')
    return hold
  }

  renewalDue(hold: Hold): void {
    this.#hall.renewals.add(hold)
  }

  renew(hold: Hold): Promise<void> {
    return this.#hall.renewals.renewNow(hold)
  }

  leaving(hold: Hold) {
    this.#forget(hold)
    const next = this.bench.backend.waitForTurn && this.#promote()
    return next && { candidate: next.candidate, start: () => this.#start(next, true) }
  }

  over(hold: Hold): void {
    this.#forget(hold)
    hold.server.drop()
    this.#advance()
    this.#leaveIfEmpty()
  }

  /** Ends every wait. */
  giveUpAll(reason: unknown): void {
    for (const waiter of this.#line) waiter.giveUp(reason)
    this.#contender?.waiter.giveUp(reason)
  }

  #forget(hold: Hold): void {
    if (this.#hold !== hold) return
    this.#hold = undefined
    this.#hall.leases -= 1
  }

  /** Lets the next in line contend, if the key is not held here and nobody contends yet. */
  #advance(): void {
    // Looked at first: to find a lease over ends it, which advances the line.
    const next = this.valid ? undefined : this.#promote()
    if (next) this.#start(next, false)
  }

  #promote(): Contender | undefined {
    const [next] = this.#line
    if (!next || this.#contender) return undefined
    this.#line.delete(next)
    this.#contender = new Contender(this, next)
    return this.#contender
  }

  #start(contender: Contender, waitFirst: boolean): void {
    void contender.contend(waitFirst).then((failure) => {
      this.#left()
      this.#contender = undefined
      this.#shareFailure(failure)
      this.#advance()
      this.#leaveIfEmpty()
    })
  }

  /** What the contender was told holds for those who would ask next: they need not wait for the same answer one by one. */
  #shareFailure(failure: unknown): void {
    if (!isLeaseholdError(failure) || !failure.code.startsWith('BACKEND')) return
    for (const waiter of this.#line) if (waiter.terms.waitMs === undefined) waiter.giveUp(failure)
  }

  #left(): void {
    this.#hall.waiting -= 1
    this.bench.outstanding.end()
  }

  #leaveIfEmpty(): void {
    if (!this.#hold && !this.#contender && this.#line.size === 0) this.#hall.empty(this)
  }
}
