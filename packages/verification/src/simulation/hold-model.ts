import type { ReportViolation } from './violation.ts'

/** What the server is seen to have done, as its own replies tell. */
export type ServerFact =
  | { readonly type: 'granted'; readonly key: string; readonly holder: string; readonly token: bigint; readonly ttlMs: number }
  | { readonly type: 'renewed'; readonly key: string; readonly holder: string; readonly token: bigint; readonly ttlMs: number }
  | { readonly type: 'gone'; readonly key: string; readonly holder: string }
  | { readonly type: 'released'; readonly key: string; readonly holder: string; readonly endedHold: boolean }

export interface ModelHold {
  readonly key: string
  readonly holder: string
  readonly token: bigint
  readonly expiresAtMs: number
}

/** Two readings of one clock within one step of the server differ by no more. */
const ROUNDING_MS = 0.001

export interface ModelObserver {
  /** A claim got the key: not a repeated answer to one that had it. `last`: the hold before, over by now. */
  granted(hold: ModelHold, last: ModelHold | undefined): void
  /** A renewal came for a claim that does not hold the key. */
  renewedTooLate(key: string): void
  /** A claim's hold was ended by a release. */
  released(hold: ModelHold): void
  /** The server keeps the key until `expiresAtMs` by its monotonic clock. */
  heldUntil(hold: ModelHold): void
}

/**
 * A lock server as simple as it can be, fed with what the true one answered. Every answer that the model could not have given
 * is a violation: a grant while another holds, a token that does not increase, a release or renewal without the hold.
 */
export class HoldModel {
  readonly #report: ReportViolation
  readonly #observer: ModelObserver
  readonly #holds = new Map<string, ModelHold>()
  readonly #lastTokens = new Map<string, bigint>()

  constructor(report: ReportViolation, observer: ModelObserver) {
    this.#report = report
    this.#observer = observer
  }

  /** Who has the key at `nowMs`, the server's monotonic clock. */
  holdAt(key: string, nowMs: number): ModelHold | undefined {
    const hold = this.#holds.get(key)
    return hold !== undefined && hold.expiresAtMs > nowMs + ROUNDING_MS ? hold : undefined
  }

  apply(fact: ServerFact, nowMs: number): void {
    const hold = this.holdAt(fact.key, nowMs)
    const own = hold?.holder === fact.holder ? hold : undefined
    if (fact.type === 'granted') this.#granted(fact, hold, nowMs)
    else if (fact.type === 'renewed') this.#renewed(fact, nowMs)
    else if (fact.type === 'released') this.#released(fact, hold, nowMs)
    else this.#gone(fact.key, own)
  }

  /** The server lost its state, but not its clock: tokens go on increasing. */
  forgetHolds(): void {
    this.#holds.clear()
  }

  #gone(key: string, own: ModelHold | undefined): void {
    this.#observer.renewedTooLate(key)
    if (own !== undefined) this.#report('S5', `${key}: token ${own.token} was called gone while its claim held the key`)
  }

  #granted(fact: ServerFact & { type: 'granted' }, hold: ModelHold | undefined, nowMs: number): void {
    if (hold?.holder === fact.holder) return this.#grantRepeated(fact, hold, nowMs)
    if (hold !== undefined) this.#report('S1', `${fact.key}: the server granted token ${fact.token} while token ${hold.token} held the key`)
    const last = this.#lastTokens.get(fact.key)
    if (last !== undefined && fact.token <= last) this.#report('S4', `${fact.key}: token ${fact.token} was granted after ${last}`)
    this.#lastTokens.set(fact.key, fact.token)
    const before = this.#holds.get(fact.key)
    this.#observer.granted(this.#hold(fact, nowMs + fact.ttlMs), before)
  }

  #grantRepeated(fact: ServerFact & { type: 'granted' }, hold: ModelHold, nowMs: number): void {
    if (fact.token !== hold.token) this.#report('S4', `${fact.key}: a repeated acquire changed token ${hold.token} to ${fact.token}`)
    if (nowMs + fact.ttlMs > hold.expiresAtMs + 1)
      this.#report('S1', `${fact.key}: a repeated acquire promised ${fact.ttlMs} ms where ${hold.expiresAtMs - nowMs} remained`)
  }

  #renewed(fact: ServerFact & { type: 'renewed' }, nowMs: number): void {
    const hold = this.#holds.get(fact.key)
    // At the very instant of expiry both answers are right.
    const own = hold?.holder === fact.holder && hold.expiresAtMs >= nowMs - ROUNDING_MS ? hold : undefined
    if (own === undefined) return this.#report('S5', `${fact.key}: a renewal revived token ${fact.token}, which did not hold the key`)
    if (own.token !== fact.token) this.#report('S4', `${fact.key}: a renewal changed token ${own.token} to ${fact.token}`)
    this.#hold(fact, Math.max(own.expiresAtMs, nowMs + fact.ttlMs))
  }

  #released(fact: ServerFact & { type: 'released' }, hold: ModelHold | undefined, nowMs: number): void {
    const own = hold?.holder === fact.holder
    if (fact.endedHold && hold !== undefined && !own) this.#report('S5', `${fact.key}: a release by another ended the hold of token ${hold.token}`)
    if (!fact.endedHold && own) this.#report('S5', `${fact.key}: a release by its holder did not end the hold of token ${hold.token}`)
    if (!own) return
    const ended = { ...hold, expiresAtMs: nowMs }
    this.#holds.set(fact.key, ended)
    this.#observer.released(ended)
  }

  #hold(fact: ServerFact & { token: bigint }, expiresAtMs: number): ModelHold {
    const hold = { key: fact.key, holder: fact.holder, token: fact.token, expiresAtMs }
    this.#holds.set(fact.key, hold)
    this.#observer.heldUntil(hold)
    return hold
  }
}
