import { type Part, standTogether } from './part.ts'
import type { ReportViolation } from './violation.ts'

export interface Granted {
  readonly type: 'granted'
  readonly key: string
  readonly holder: string
  readonly token: bigint
  /** Those after `token`, up to this, are reserved. */
  readonly lastToken: bigint
  readonly ttlMs: number
  readonly part: Part
}

interface Renewed extends Omit<Granted, 'type' | 'lastToken' | 'part'> {
  readonly type: 'renewed'
}

/** What the server is seen to have done, as its own replies tell. */
export type ServerFact =
  | Granted
  | Renewed
  | { readonly type: 'gone'; readonly key: string; readonly holder: string }
  | { readonly type: 'released'; readonly key: string; readonly holder: string; readonly endedHold: boolean }

export interface ModelHold {
  readonly key: string
  readonly holder: string
  readonly token: bigint
  readonly lastToken: bigint
  readonly part: Part
  readonly expiresAtMs: number
}

/** Whether a lease with this token may stand on the hold: the one that the server knows, or one of those that it reserved. */
export const covers = (hold: ModelHold, token: bigint): boolean => token >= hold.token && token <= hold.lastToken

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
  /** Of each key, by holder: those that last, and the one that ended last. */
  readonly #holds = new Map<string, Map<string, ModelHold>>()
  readonly #lastTokens = new Map<string, bigint>()

  constructor(report: ReportViolation, observer: ModelObserver) {
    this.#report = report
    this.#observer = observer
  }

  /** Who has the key, or parts of it, at `nowMs`, the server's monotonic clock. */
  holdsAt(key: string, nowMs: number): ModelHold[] {
    return this.#known(key).filter((hold) => hold.expiresAtMs > nowMs + ROUNDING_MS)
  }

  apply(fact: ServerFact, nowMs: number): void {
    const holds = this.holdsAt(fact.key, nowMs)
    const own = holds.find(({ holder }) => holder === fact.holder)
    if (fact.type === 'granted' && own) this.#checkRepeated(fact, own, nowMs)
    else if (fact.type === 'granted') this.#granted(fact, holds, nowMs)
    else if (fact.type === 'renewed') this.#renewed(fact, nowMs)
    else if (fact.type === 'released') this.#released(fact, holds, own, nowMs)
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

  #granted({ key, holder, token, lastToken, ttlMs, part }: Granted, holds: readonly ModelHold[], nowMs: number): void {
    const last = this.#lastTokens.get(key)
    const hold = holds.find((other) => !standTogether(part, other.part))
    if (hold !== undefined)
      this.#report('S1', `${key}: the server granted token ${token} while token ${hold.token} held the key`)
    if (last !== undefined && token <= last) this.#report('S4', `${key}: token ${token} was granted after ${last}`)
    this.#lastTokens.set(key, lastToken)
    const before = this.#known(key).at(-1)
    this.#holds.set(key, new Map(holds.map((each) => [each.holder, each])))
    this.#observer.granted(this.#keep({ key, holder, token, lastToken, part, expiresAtMs: nowMs + ttlMs }), before)
  }

  #checkRepeated({ key, token, ttlMs }: Granted, hold: ModelHold, nowMs: number): void {
    const remainingMs = hold.expiresAtMs - nowMs
    if (token !== hold.token) this.#report('S4', `${key}: a repeated acquire changed token ${hold.token} to ${token}`)
    if (ttlMs > remainingMs + 1)
      this.#report('S1', `${key}: a repeated acquire promised ${ttlMs} ms where ${remainingMs} remained`)
  }

  #renewed({ key, holder, token, ttlMs }: Renewed, nowMs: number): void {
    const hold = this.#holds.get(key)?.get(holder)
    // At the very instant of expiry both answers are right.
    const alive = hold !== undefined && hold.expiresAtMs >= nowMs - ROUNDING_MS
    if (!alive) this.#report('S5', `${key}: a renewal revived token ${token}, which did not hold the key`)
    else if (!covers(hold, token)) this.#report('S4', `${key}: a renewal changed token ${hold.token} to ${token}`)
    if (alive) this.#keep({ ...hold, token, expiresAtMs: Math.max(hold.expiresAtMs, nowMs + ttlMs) })
  }

  #released(
    fact: ServerFact & { type: 'released' },
    holds: readonly ModelHold[],
    own: ModelHold | undefined,
    nowMs: number,
  ): void {
    if (fact.endedHold && holds.length > 0 && !own)
      this.#report('S5', `${fact.key}: a release by another ended the hold of token ${holds[0]?.token}`)
    if (!fact.endedHold && own)
      this.#report('S5', `${fact.key}: a release by its holder did not end the hold of token ${own.token}`)
    if (!own) return
    const ended = { ...own, expiresAtMs: nowMs }
    // The last that ended stands last.
    this.#holds.get(fact.key)?.delete(own.holder)
    this.#holds.get(fact.key)?.set(own.holder, ended)
    this.#observer.released(ended)
  }

  #known(key: string): ModelHold[] {
    return [...(this.#holds.get(key)?.values() ?? [])]
  }

  #keep(hold: ModelHold): ModelHold {
    const holds = this.#holds.get(hold.key) ?? new Map<string, ModelHold>()
    this.#holds.set(hold.key, holds.set(hold.holder, hold))
    this.#observer.heldUntil(hold)
    return hold
  }
}
