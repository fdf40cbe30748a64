import type { Instant } from '../clock.ts'
import type { Grant } from '../contract.ts'
import { Contender } from './contender.ts'
import { type Asked, Desk } from './desk.ts'
import { Hold } from './hold.ts'
import type { HoldKeeper } from './hold-keeper.ts'
import { assertRoomFor } from './limits.ts'
import type { HoldTerms } from './options.ts'
import type { ServerClaim } from './server-claim.ts'
import { countedFrom } from './validity.ts'
import type { Waiter } from './waiter.ts'

/** All of one key in this process: one holds it, one contends for it, the others stand in line. The only place that says who is next. */
export class WholeDesk extends Desk implements HoldKeeper<Hold> {
  #hold: Hold | undefined
  #contender: Contender | undefined

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
    return !this.#hold && !this.#isContended && this.line.size === 0
  }

  /** For a caller who found it free. Whoever comes meanwhile stands in line. */
  occupy(): void {
    this.asking += 1
  }

  vacate(): void {
    this.asking -= 1
    this.advance()
  }

  tellWaiting({ waiter }: Contender): void {
    waiter.tell(this.isHeld)
  }

  protected get isHeld(): boolean {
    return !!this.valid
  }

  /** Of no use is a grant whose time is over already, after which the key was granted again (answers may overtake each other; tokens tell their order), or that was told lost. */
  begin(server: ServerClaim, terms: HoldTerms, grant: Grant, sentAt: Instant): Hold | undefined {
    const now = this.hall.clock.now()
    const hold = new Hold(this, server, terms, { grant, since: countedFrom(grant, sentAt, now) })
    const known = this.#hold
    const overtaken = known && known.fencingToken > grant.fencingToken
    const full = !known && this.hall.leases >= this.hall.options.maxLeases
    if (full || overtaken || server.over || hold.remainingMs(now) <= 0) {
      server.abandon()
      this.leave()
      if (full) assertRoomFor(this.hall, 1)
      return undefined
    }
    hold.watch()
    if (!known) this.hall.leases += 1
    this.#hold = hold
    // The backend gave the key to another claim of ours: it has forgotten the older one.
    known?.lose('superseded')
    return hold
  }

  passOn(hold: Hold): boolean {
    const [waiter] = this.line.size > 0 ? this.line : []
    // Whoever contends stands in line at the backend, before those who wait here.
    // Whose signal has aborted is about to hear of it.
    const isWaiting = waiter && !waiter.terms.signal?.aborted
    const next = isWaiting && this.#hold === hold && !this.#isContended && hold.successor(waiter.terms)
    if (!next) return false
    this.line.delete(waiter)
    this.#hold = next
    next.watch()
    this.hall.left()
    return waiter.grant(next)
  }

  leaving(hold: Hold): Contender | undefined {
    this.forget(hold)
    return this.hall.backend.waitForTurn && this.#promote()
  }

  giveUpAll(reason: unknown): void {
    for (const waiter of this.line) waiter.giveUp(reason)
    this.#contender?.waiter.giveUp(reason)
  }

  get #isContended(): boolean {
    return this.asking > 0 || !!this.#contender
  }

  protected dismiss(): void {
    this.#contender = undefined
  }

  protected forget(hold: Hold): void {
    if (this.#hold !== hold) return
    this.#hold = undefined
    this.hall.leases -= 1
  }

  /** Lets the next in line contend, if the key is not held here and nobody contends yet. Where nobody is left, the desk is not needed. */
  protected advance(): void {
    // The lease is looked at first: to find it over ends it, which advances the line.
    const next = this.line.size === 0 || this.valid ? undefined : this.#promote()
    if (next) next.start()
    else this.leave()
  }

  #promote(): Contender | undefined {
    const [next] = this.line
    if (!next || this.#isContended) return undefined
    this.line.delete(next)
    return this.#appoint(next)
  }

  protected contend(waiter: Waiter, claim: ServerClaim, asked: Asked): void {
    this.#appoint(waiter, claim).start(asked)
  }

  #appoint(waiter: Waiter, claim?: ServerClaim): Contender {
    this.#contender = new Contender(this, waiter, claim)
    return this.#contender
  }

  protected leave(): void {
    if (this.empty) this.hall.emptied()
  }
}
