import type { Instant } from '../clock.ts'
import type { Contended, Grant } from '../contract.ts'
import { closedError, isLeaseholdError } from '../errors.ts'
import type { Contender, Place } from './contender.ts'
import type { Hold } from './hold.ts'
import type { HallOfHolds } from './hold-keeper.ts'
import { assertRoomFor, type Counts } from './limits.ts'
import { endures, type HoldTerms, type WaitTerms } from './options.ts'
import type { Answered } from './requests.ts'
import type { ServerClaim } from './server-claim.ts'
import { Waiter } from './waiter.ts'

/** What all desks share. */
export interface Hall extends HallOfHolds<Hold>, Counts {
  newClaim(key: string, terms: HoldTerms): ServerClaim
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
  /** Ends every wait. */
  abstract giveUpAll(reason: unknown): void
  /** `asked`: its first attempt, on this claim, if that has been made. */
  protected abstract contend(waiter: Waiter, claim?: ServerClaim, asked?: Asked): void
  /** It contends no longer. */
  protected abstract dismiss(contender: Contender): void
  /** Lets those who are next contend, as many as may. Where nobody is left, the desk is not needed. */
  protected abstract advance(): void
  /** Told to the hall where nobody is left. */
  protected abstract leave(): void
  /** It is held here no longer. */
  protected abstract forget(hold: Hold): void

  /** Waits in line, then at the backend. */
  acquire(terms: WaitTerms, since: Instant): Promise<Hold> {
    // Who can be called off needs a waiter from the beginning.
    if (this.free && !terms.signal) return this.#acquireAlone(terms, since)
    const waiter = new Waiter(this.hall, this.key, terms, since)
    if (!waiter.settled) this.#enter(waiter)
    return waiter.granted
  }

  newClaim(terms: HoldTerms): ServerClaim {
    return this.hall.newClaim(this.key, terms)
  }

  over(hold: Hold): void {
    this.forget(hold)
    hold.server.drop()
    this.advance()
  }

  left(contender: Contender, failure?: unknown): void {
    this.hall.left()
    this.dismiss(contender)
    // What it was told holds for those who would ask next: they need not wait for the same answer one by one.
    if (isLeaseholdError(failure) && failure.code.startsWith('BACKEND'))
      for (const waiter of this.line) if (!endures(waiter.terms)) waiter.giveUp(failure)
    this.advance()
  }

  /** Nobody queues, so nobody pays for a queue. Only where the key is held elsewhere, the caller becomes a contender. */
  async #acquireAlone(terms: WaitTerms, since: Instant): Promise<Hold> {
    assertRoomFor(this.hall, 1)
    const claim = this.newClaim(terms)
    this.hall.came()
    this.asking += 1
    const asked = claim.attempt(terms, undefined, since)
    let hold: Hold | undefined
    try {
      const { answer, sentAt } = await asked
      if (answer.granted && !this.hall.closed) hold = this.begin(claim, terms, answer, sentAt)
    } catch {
      // The contender is told the same.
    }
    this.asking -= 1
    if (!hold && !this.hall.closed) {
      const waiter = new Waiter(this.hall, this.key, terms, since)
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
      this.leave()
    }
    this.advance()
    if (!this.line.has(waiter)) return
    if (waiter.timeUp) waiter.timeOut()
    else waiter.tell(this.isHeld)
  }
}
