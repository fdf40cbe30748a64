import type { Instant } from '../clock.ts'
import type { Grant, Share } from '../contract.ts'
import { Contender } from './contender.ts'
import { type Asked, Desk, type Hall } from './desk.ts'
import { Hold } from './hold.ts'
import type { HoldKeeper } from './hold-keeper.ts'
import { assertRoomFor } from './limits.ts'
import type { HoldTerms } from './options.ts'
import { isAlike } from './passing.ts'
import { noAnswer } from './requests.ts'
import type { ServerClaim } from './server-claim.ts'
import { countedFrom } from './validity.ts'
import type { Waiter } from './waiter.ts'

/** So many ask at once where the last answer was a grant: the key is open to their kind. Where it was not, one stands in line at the backend for all. */
const AT_ONCE = 64

/** What becomes of a desk where nobody is left. */
export interface DeskOwner {
  empty(desk: ShareDesk): void
}

/** Those in this process who want a part of one key, all of one kind: several may have theirs at once. Who is next among all kinds, and all processes, says the backend's line. */
export class ShareDesk extends Desk implements HoldKeeper<Hold> {
  readonly kind: Share['kind']
  readonly #owner: DeskOwner
  readonly #holds = new Set<Hold>()
  /** By slot. */
  readonly #holders = new Map<number, Hold>()
  readonly #contenders = new Set<Contender>()
  /** Who stands in line at the backend: nobody overtakes them, so who comes later stands behind them, and need not ask first. */
  readonly #standing = new Set<Contender>()
  #atOnce = 1
  /** Turns are passed on here: more than one in line at the backend would only have to leave it. */
  #passes = false

  constructor(hall: Hall, owner: DeskOwner, key: string, kind: Share['kind']) {
    super(hall, key)
    this.#owner = owner
    this.kind = kind
  }

  get holds(): readonly Hold[] {
    return [...this.#holds]
  }

  get free(): boolean {
    return this.#isOpen && this.line.size === 0 && this.#standing.size === 0
  }

  get #isOpen(): boolean {
    return this.#contenders.size + this.asking < this.#atOnce
  }

  protected get isHeld(): boolean {
    return this.#holds.size > 0
  }

  /** A contender found the key taken: for those behind it there is no need to ask. */
  tellWaiting(contender: Contender): void {
    this.#atOnce = 1
    this.#stand(contender)
  }

  #stand(contender: Contender): void {
    this.#standing.add(contender)
    contender.waiter.tell(this.isHeld)
  }

  begin(server: ServerClaim, terms: HoldTerms, grant: Grant, sentAt: Instant): Hold | undefined {
    const now = this.hall.clock.now()
    const hold = new Hold(this, server, terms, { grant, since: countedFrom(grant, sentAt, now) })
    const full = this.hall.leases >= this.hall.options.maxLeases
    const fits = areSlotsOf(server.claim.share, hold.slots)
    const rivals = hold.slots.flatMap((slot) => this.#holders.get(slot) ?? [])
    const overtaken = rivals.some(({ fencingToken }) => fencingToken > grant.fencingToken)
    if (full || !fits || overtaken || server.over || hold.remainingMs(now) <= 0) {
      server.abandon()
      this.leave()
      if (!fits) throw noAnswer(this.hall, { what: 'acquire', claims: [server.claim] }, 'it is of other slots')
      if (full) assertRoomFor(this.hall, 1)
      return undefined
    }
    this.hall.leases += 1
    this.#keep(hold)
    this.#passes = !!grant.reserved
    this.#atOnce = this.#passes ? Math.min(AT_ONCE, this.#atOnce * 2) : AT_ONCE
    // The server gave their slots to another claim of ours: it has forgotten theirs.
    for (const rival of rivals) rival.lose('superseded')
    return hold
  }

  /**
   * To who came first of those who wait here, where all ask for the same: then who stands at the backend for one of them stands there for the one who came after him, and the last for nobody, unless
   * somebody waits behind. The places in line stay, and so does the order here.
   */
  passOn(hold: Hold): boolean {
    // Who asks alone came before those who wait.
    if (this.asking > 0) return false
    const contenders = [...this.#contenders].filter(({ waiter }) => !waiter.settled)
    const [behind] = this.line
    const waiters = contenders.map(({ waiter }) => waiter)
    if (behind) waiters.push(behind)
    const [heir] = waiters
    const next = heir && !heir.terms.signal?.aborted && waiters.every(wantsSameAs(hold)) && hold.successor(heir.terms)
    if (!next) return false
    this.#holds.delete(hold)
    this.#keep(next)
    heir.grant(next)
    for (const [index, contender] of contenders.entries()) contender.serve(waiters[index + 1] ?? heir)
    if (behind) {
      this.line.delete(behind)
      this.hall.left()
      // The last contender serves one who has what he wanted: it looks, and goes.
    } else heir.onGivenUp()
    return true
  }

  leaving(hold: Hold): undefined {
    this.forget(hold)
    // One that is being given back makes room: whoever waits here asks soon after it.
    this.advance()
  }

  giveUpAll(reason: unknown): void {
    for (const waiter of this.line) waiter.giveUp(reason)
    for (const { waiter } of this.#contenders) waiter.giveUp(reason)
  }

  protected dismiss(contender: Contender): void {
    this.#contenders.delete(contender)
    if (this.#standing.delete(contender) && this.#passes) this.#atOnce = 1
  }

  protected forget(hold: Hold): void {
    if (this.#holds.delete(hold)) this.hall.leases -= 1
    for (const slot of hold.slots) if (this.#holders.get(slot) === hold) this.#holders.delete(slot)
  }

  #keep(hold: Hold): void {
    hold.watch()
    this.#holds.add(hold)
    for (const slot of hold.slots) this.#holders.set(slot, hold)
  }

  protected advance(): void {
    for (const waiter of this.line) {
      if (!this.#isOpen) return
      this.line.delete(waiter)
      this.contend(waiter)
    }
    this.leave()
  }

  protected contend(waiter: Waiter, claim?: ServerClaim, asked?: Asked): void {
    const contender = new Contender(this, waiter, claim)
    this.#contenders.add(contender)
    const behind = !asked && this.#standing.size > 0 && waiter.terms.waitMs !== 0
    if (behind) this.#stand(contender)
    contender.start(behind ? 'wait' : asked)
  }

  protected leave(): void {
    const here = this.#holds.size + this.#contenders.size + this.line.size + this.asking
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
