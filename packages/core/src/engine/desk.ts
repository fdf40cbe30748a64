import type { Instant } from '../clock.ts'
import type { Contended, Grant } from '../contract.ts'
import { closedError, isLeaseholdError, limitReached } from '../errors.ts'
import { inNoContext } from '../no-context.ts'
import type { Bench } from './bench.ts'
import { Contender, type Place } from './contender.ts'
import { Hold } from './hold.ts'
import type { HoldKeeper } from './hold-keeper.ts'
import { endures, type HoldTerms, type WaitTerms } from './options.ts'
import type { Renewals } from './renewals.ts'
import type { Answered } from './requests.ts'
import type { ServerClaim } from './server-claim.ts'
import { countedFrom } from './validity.ts'
import { Waiter } from './waiter.ts'

/** What all desks share. */
export interface Hall {
  readonly bench: Bench
  readonly renewals: Renewals
  /** Leases held. */
  leases: number
  newClaim(key: string, terms: HoldTerms): ServerClaim
  assertRoomFor(count: number): void
  /** A caller waits or asks, or does so no longer. */
  came(): void
  left(): void
  /** A desk has become empty. */
  emptied(): void
}

/** The line of all keys for which nobody waits. Stays empty: a line is made when somebody enters it. */
const NOBODY = new Set<Waiter>()

/** One key in this process: who holds it, who contends for it, who stands in line. The only place that says who is next. */
export class Desk implements Place, HoldKeeper<Hold> {
  readonly key: string
  readonly #hall: Hall
  #hold: Hold | undefined
  #contender: Contender | undefined
  /** Somebody asks who needs no place in line, since nobody else was here. */
  #occupied = false
  /** First in, first out; the contender is no longer among them. */
  #line = NOBODY

  constructor(hall: Hall, key: string) {
    this.#hall = hall
    this.key = key
  }

  get bench(): Bench {
    return this.#hall.bench
  }

  /** The lease that is valid now. While there is one, nobody else can have the key: no need to ask. */
  get valid(): Hold | undefined {
    return this.#hold?.isValid() ? this.#hold : undefined
  }

  get holds(): readonly Hold[] {
    return this.#hold ? [this.#hold] : []
  }

  /** Nobody here has the key or asks for it. */
  get free(): boolean {
    return !this.valid && this.empty
  }

  get empty(): boolean {
    return !this.#hold && !this.#isContended && this.#line.size === 0
  }

  newClaim(terms: HoldTerms): ServerClaim {
    return this.#hall.newClaim(this.key, terms)
  }

  assertRoom(): void {
    this.#hall.assertRoomFor(1)
  }

  /** For a caller who found it free. Whoever comes meanwhile stands in line. */
  occupy(): void {
    this.#occupied = true
  }

  vacate(): void {
    this.#occupied = false
    this.#advance()
  }

  /** Waits in line, then at the backend. */
  acquire(terms: WaitTerms, since: Instant): Promise<Hold> {
    // Who can be called off needs a waiter from the beginning.
    if (this.free && !terms.signal) return this.#acquireAlone(terms, since)
    const waiter = new Waiter(this.bench, this.key, terms, since)
    this.#enter(waiter)
    return waiter.granted
  }

  /** Nobody queues, so nobody pays for a queue. Only where the key is held elsewhere, the caller becomes a contender. */
  async #acquireAlone(terms: WaitTerms, since: Instant): Promise<Hold> {
    this.assertRoom()
    const claim = this.newClaim(terms)
    this.#hall.came()
    this.occupy()
    const asked = claim.attempt(terms, undefined, since)
    let hold: Hold | undefined
    try {
      const { answer, sentAt } = await asked
      if (answer.granted && !this.bench.closed) hold = this.begin(claim, terms, answer, sentAt)
    } catch {
      // The contender is told the same.
    }
    if (!hold && !this.bench.closed) return this.#contendOn(claim, asked, terms, since)
    if (!hold) claim.abandon()
    this.#hall.left()
    this.vacate()
    if (!hold) throw closedError()
    return hold
  }

  #contendOn(
    claim: ServerClaim,
    asked: Promise<Answered<Grant | Contended>>,
    terms: WaitTerms,
    since: Instant,
  ): Promise<Hold> {
    const waiter = new Waiter(this.bench, this.key, terms, since)
    this.#occupied = false
    this.#contender = new Contender(this, waiter, claim)
    this.#start(this.#contender, asked)
    return waiter.granted
  }

  #enter(waiter: Waiter): void {
    if (waiter.settled) return
    this.#hall.came()
    if (this.#line === NOBODY) this.#line = new Set()
    this.#line.add(waiter)
    waiter.onGivenUp = () => {
      this.#line.delete(waiter)
      this.#hall.left()
      this.#leaveIfEmpty()
    }
    this.#advance()
    if (!this.#line.has(waiter)) return
    if (waiter.timeUp) waiter.timeOut()
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
    const hold = new Hold(this, server, terms, { grant, since: countedFrom(grant, sentAt, now) })
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

  left(_: Contender, failure?: unknown): void {
    this.#hall.left()
    this.#contender = undefined
    this.#shareFailure(failure)
    this.#advance()
  }

  renewalDue(hold: Hold): void {
    this.#hall.renewals.add(hold)
  }

  renew(hold: Hold): Promise<void> {
    return this.#hall.renewals.renewNow(hold)
  }

  passOn(hold: Hold): boolean {
    const [waiter] = this.#line.size > 0 ? this.#line : []
    // Whoever contends stands in line at the backend, before those who wait here.
    // Whose signal has aborted is about to hear of it.
    const isWaiting = waiter && !waiter.terms.signal?.aborted
    const next = isWaiting && this.#hold === hold && !this.#isContended && hold.successor(waiter.terms)
    if (!next) return false
    this.#line.delete(waiter)
    this.#hold = next
    next.watch()
    this.#hall.left()
    return waiter.grant(next)
  }

  leaving(hold: Hold) {
    this.#forget(hold)
    const next = this.bench.backend.waitForTurn && this.#promote()
    return next && { candidate: next.candidate, start: () => this.#start(next, 'wait') }
  }

  over(hold: Hold): void {
    this.#forget(hold)
    hold.server.drop()
    this.#advance()
  }

  /** Ends every wait. */
  giveUpAll(reason: unknown): void {
    for (const waiter of this.#line) waiter.giveUp(reason)
    this.#contender?.waiter.giveUp(reason)
  }

  get #isContended(): boolean {
    return this.#occupied || !!this.#contender
  }

  #forget(hold: Hold): void {
    if (this.#hold !== hold) return
    this.#hold = undefined
    this.#hall.leases -= 1
  }

  /** Lets the next in line contend, if the key is not held here and nobody contends yet. Where nobody is left, the desk is not needed. */
  #advance(): void {
    // The lease is looked at first: to find it over ends it, which advances the line.
    const next = this.#line.size === 0 || this.valid ? undefined : this.#promote()
    if (next) this.#start(next)
    else this.#leaveIfEmpty()
  }

  #promote(): Contender | undefined {
    const [next] = this.#line
    if (!next || this.#isContended) return undefined
    this.#line.delete(next)
    this.#contender = new Contender(this, next)
    return this.#contender
  }

  /** Whoever's release or loss lets it start has nothing to do with it. */
  #start(contender: Contender, first?: Promise<Answered<Grant | Contended>> | 'wait'): void {
    void inNoContext(() => contender.contend(first))
  }

  /** What the contender was told holds for those who would ask next: they need not wait for the same answer one by one. */
  #shareFailure(failure: unknown): void {
    if (!isLeaseholdError(failure) || !failure.code.startsWith('BACKEND')) return
    for (const waiter of this.#line) if (!endures(waiter.terms)) waiter.giveUp(failure)
  }

  #leaveIfEmpty(): void {
    if (this.empty) this.#hall.emptied()
  }
}
