import type { Instant } from '../clock.ts'
import type { Contended, Grant, Share } from '../contract.ts'
import { closedError, isLeaseholdError, limitReached } from '../errors.ts'
import { inNoContext } from '../no-context.ts'
import type { Bench } from './bench.ts'
import { Contender, type Place } from './contender.ts'
import type { Hall } from './desk.ts'
import type { KeyDesk } from './hall.ts'
import { Hold } from './hold.ts'
import type { HoldKeeper } from './hold-keeper.ts'
import { endures, type HoldTerms, type WaitTerms } from './options.ts'
import { isAlike } from './passing.ts'
import { type Answered, noAnswer } from './requests.ts'
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
  readonly #standing = new Set<Contender>()
  /** Who ask and need no place in line, since nobody stands in it. */
  #asking = 0
  #atOnce = 1
  /** Turns are passed on here: more than one in line at the backend would only have to leave it. */
  #passes = false

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
    // Who can be called off needs a waiter from the beginning.
    if (this.#isOpen && this.#line.size === 0 && this.#standing.size === 0 && !terms.signal)
      return this.#acquireAlone(terms, since)
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

  get #isOpen(): boolean {
    return this.#contenders.size + this.#asking < this.#atOnce
  }

  /** Nobody queues, so nobody pays for a queue. Only where there is no room, the caller becomes a contender. */
  async #acquireAlone(terms: WaitTerms, since: Instant): Promise<Hold> {
    this.assertRoom()
    const claim = this.newClaim(terms)
    this.#hall.came()
    this.#asking += 1
    const asked = claim.attempt(terms, undefined, since)
    let hold: Hold | undefined
    try {
      const { answer, sentAt } = await asked
      if (answer.granted && !this.bench.closed) hold = this.begin(claim, terms, answer, sentAt)
    } catch {
      // The contender is told the same.
    }
    this.#asking -= 1
    if (!hold && !this.bench.closed) return this.#contend(new Waiter(this.bench, this.key, terms, since), claim, asked)
    if (!hold) claim.abandon()
    this.#hall.left()
    this.#advance()
    this.#leaveIfEmpty()
    if (!hold) throw closedError()
    return hold
  }

  /** A contender found the key taken: for those behind it there is no need to ask. */
  tellWaiting(contender: Contender): void {
    this.#atOnce = 1
    this.#stand(contender)
  }

  #stand(contender: Contender): void {
    this.#standing.add(contender)
    this.#tell(contender.waiter)
  }

  #tell(waiter: Waiter): void {
    waiter.tell(this.#holds.size > 0)
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
    this.#passes = !!grant.reserved
    this.#atOnce = this.#passes ? Math.min(AT_ONCE, this.#atOnce * 2) : AT_ONCE
    return hold
  }

  left(contender: Contender, failure?: unknown): void {
    this.#hall.left()
    this.#contenders.delete(contender)
    if (this.#standing.delete(contender) && this.#passes) this.#atOnce = 1
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

  /**
   * To who came first of those who wait here, where all ask for the same: then who stands at the backend for one of them stands there for the one who came after him, and the last for nobody, unless
   * somebody waits behind. The places in line stay, and so does the order here.
   */
  passOn(hold: Hold): boolean {
    // Who asks alone came before those who wait.
    if (this.#asking > 0) return false
    const contenders = [...this.#contenders].filter(({ waiter }) => !waiter.settled)
    const [behind] = this.#line
    const waiters = contenders.map(({ waiter }) => waiter)
    if (behind) waiters.push(behind)
    const [heir] = waiters
    const next = heir && !heir.terms.signal?.aborted && waiters.every(wantsSameAs(hold)) && hold.successor(heir.terms)
    if (!next) return false
    this.#holds.delete(hold)
    this.#holds.add(next)
    next.watch()
    heir.grant(next)
    for (const [index, contender] of contenders.entries()) contender.serve(waiters[index + 1] ?? heir)
    if (behind) {
      this.#line.delete(behind)
      this.#hall.left()
      // The last contender serves one who has what he wanted: it looks, and goes.
    } else heir.onGivenUp()
    return true
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
      if (!this.#isOpen) return
      this.#line.delete(waiter)
      void this.#contend(waiter)
    }
  }

  /** `asked`: its first attempt, on this claim, if that has been made. */
  #contend(waiter: Waiter, claim?: ServerClaim, asked?: Promise<Answered<Grant | Contended>>): Promise<Hold> {
    const contender = new Contender(this, waiter, claim)
    this.#contenders.add(contender)
    const behind = !asked && this.#standing.size > 0 && waiter.terms.waitMs !== 0
    if (behind) this.#stand(contender)
    void inNoContext(() => contender.contend(behind ? 'wait' : asked))
    return waiter.granted
  }

  /** What a contender was told holds for those who would ask next. */
  #shareFailure(failure: unknown): void {
    if (!isLeaseholdError(failure) || !failure.code.startsWith('BACKEND')) return
    for (const waiter of this.#line) if (!endures(waiter.terms)) waiter.giveUp(failure)
  }

  #leaveIfEmpty(): void {
    const here = this.#holds.size + this.#contenders.size + this.#line.size + this.#asking
    if (here === 0) this.#owner.empty(this)
  }
}

/** Whoever works under a slot relies on it. */
function areSlotsOf(share: Share | undefined, slots: readonly number[]): boolean {
  const { take, of } = share?.kind === 'permits' ? share : { take: 0, of: 0 }
  const known = slots.every((slot) => Number.isInteger(slot) && slot >= 0 && slot < of)
  return known && slots.length === take && new Set(slots).size === take
}

/** As many permits of as many, of the same time and metadata. Who does not wait is none of them. */
const wantsSameAs =
  ({ terms }: Hold) =>
  ({ terms: other }: Waiter): boolean =>
    other.waitMs !== 0 && isAlike(other, terms) && isSameShare(other.share, terms.share)

const isSameShare = (one: Share | undefined, other: Share | undefined): boolean =>
  one?.kind === 'permits' && other?.kind === 'permits' && one.take === other.take && one.of === other.of
