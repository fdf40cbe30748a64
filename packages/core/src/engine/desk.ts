import type { Instant } from '../clock.ts'
import type { Contended, Grant } from '../contract.ts'
import { closedError, isLeaseholdError } from '../errors.ts'
import { inNoContext } from '../no-context.ts'
import type { Bench } from './bench.ts'
import type { Contender, Place } from './contender.ts'
import type { Hold } from './hold.ts'
import { endures, type HoldTerms, type WaitTerms } from './options.ts'
import type { Renewals } from './renewals.ts'
import type { Answered } from './requests.ts'
import type { ServerClaim } from './server-claim.ts'
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

/** A first attempt that is under way. */
export type Asked = Promise<Answered<Grant | Contended>>

/** The line of all keys for which nobody waits. Stays empty: a line is made when somebody enters it. */
const NOBODY = new Set<Waiter>()

/** How callers of this process come to a key: one asks alone, or stands in line here until it may contend at the backend. Who is next, and how many may contend at once, says the desk. */
export abstract class Desk implements Place {
  readonly key: string
  readonly hall: Hall
  /** So many ask alone: they need no place in line, since nobody stands in it. */
  protected asking = 0
  /** First in, first out; who contends is no longer among them. */
  protected line = NOBODY

  constructor(hall: Hall, key: string) {
    this.hall = hall
    this.key = key
  }

  /** Whoever comes may ask at once. */
  abstract get free(): boolean
  /** The leases that have begun here and have not ended. */
  abstract get holds(): readonly Hold[]
  protected abstract get isHeld(): boolean
  /** Undefined where the grant is of no use: then it is being given back. */
  abstract begin(claim: ServerClaim, terms: HoldTerms, grant: Grant, sentAt: Instant): Hold | undefined
  abstract tellWaiting(contender: Contender): void
  abstract left(contender: Contender, failure?: unknown): void
  /** Ends every wait. */
  abstract giveUpAll(reason: unknown): void
  /** `asked`: its first attempt, on this claim, if that has been made. */
  protected abstract contend(waiter: Waiter, claim?: ServerClaim, asked?: Asked): void
  /** Lets those who are next contend, as many as may. Where nobody is left, the desk is not needed. */
  protected abstract advance(): void
  protected abstract leaveIfEmpty(): void
  /** It is held here no longer. */
  protected abstract forget(hold: Hold): void

  /** Waits in line, then at the backend. */
  acquire(terms: WaitTerms, since: Instant): Promise<Hold> {
    // Who can be called off needs a waiter from the beginning.
    if (this.free && !terms.signal) return this.#acquireAlone(terms, since)
    const waiter = new Waiter(this.hall.bench, this.key, terms, since)
    if (!waiter.settled) this.#enter(waiter)
    return waiter.granted
  }

  over(hold: Hold): void {
    this.forget(hold)
    hold.server.drop()
    this.advance()
  }

  /** Whoever's release or loss lets it start has nothing to do with it. */
  protected start(contender: Contender, first?: Asked | 'wait'): void {
    void inNoContext(() => contender.contend(first))
  }

  protected tell(waiter: Waiter): void {
    waiter.tell(this.isHeld)
  }

  /** What a contender was told holds for those who would ask next: they need not wait for the same answer one by one. */
  protected shareFailure(failure: unknown): void {
    if (!isLeaseholdError(failure) || !failure.code.startsWith('BACKEND')) return
    for (const waiter of this.line) if (!endures(waiter.terms)) waiter.giveUp(failure)
  }

  /** Nobody queues, so nobody pays for a queue. Only where the key is held elsewhere, the caller becomes a contender. */
  async #acquireAlone(terms: WaitTerms, since: Instant): Promise<Hold> {
    this.hall.assertRoomFor(1)
    const claim = this.hall.newClaim(this.key, terms)
    this.hall.came()
    this.asking += 1
    const asked = claim.attempt(terms, undefined, since)
    let hold: Hold | undefined
    try {
      const { answer, sentAt } = await asked
      if (answer.granted && !this.hall.bench.closed) hold = this.begin(claim, terms, answer, sentAt)
    } catch {
      // The contender is told the same.
    }
    this.asking -= 1
    if (!hold && !this.hall.bench.closed) {
      const waiter = new Waiter(this.hall.bench, this.key, terms, since)
      this.contend(waiter, claim, asked)
      return waiter.granted
    }
    this.hall.left()
    this.advance()
    if (hold) return hold
    claim.abandon()
    throw closedError()
  }

  #enter(waiter: Waiter): void {
    this.hall.came()
    if (this.line === NOBODY) this.line = new Set()
    this.line.add(waiter)
    waiter.onGivenUp = () => {
      this.line.delete(waiter)
      this.hall.left()
      this.leaveIfEmpty()
    }
    this.advance()
    if (!this.line.has(waiter)) return
    if (waiter.timeUp) waiter.timeOut()
    else this.tell(waiter)
  }
}
