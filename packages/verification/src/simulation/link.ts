import type { Prng, Range } from './prng.ts'
import type { World } from './world.ts'

export type Direction = 'request' | 'reply'

/** How a link treats messages. */
export interface Conditions {
  readonly latencyMs: Range
  /** How many messages take much longer, and how long. */
  readonly slowChance: number
  readonly slowMs: Range
  readonly lossChance: number
  /** How many of the lost messages the client is told of, by a connection that breaks. */
  readonly resetChance: number
  readonly duplicateChance: number
  /** As on one TCP connection: nothing overtakes. */
  readonly ordered: boolean
}

export interface LinkLog {
  lost(direction: Direction): void
  duplicated(direction: Direction): void
}

const SHORTEST_MS = 1e-6

/** The network between one process and one server. */
export class Link {
  conditions: Conditions
  /** One-way loss: a direction that is cut carries nothing. */
  readonly cut: Record<Direction, boolean> = { request: false, reply: false }
  /** How many messages were sent twice. */
  readonly duplicated: Record<Direction, number> = { request: 0, reply: 0 }
  readonly #world: World
  readonly #prng: Prng
  readonly #log: LinkLog
  readonly #lastArrivalMs: Record<Direction, number> = { request: 0, reply: 0 }

  constructor(world: World, prng: Prng, conditions: Conditions, log: LinkLog) {
    this.#world = world
    this.#prng = prng
    this.conditions = conditions
    this.#log = log
  }

  /** `arrive` happens once, twice or never; `reset` where the loss is noticed. */
  send(direction: Direction, arrive: () => void, reset: () => void): void {
    if (this.cut[direction] || this.#prng.chance(this.conditions.lossChance)) {
      this.#lose(direction, reset)
      return
    }
    this.#carry(direction, arrive)
    if (this.#prng.chance(this.conditions.duplicateChance)) {
      this.duplicated[direction] += 1
      this.#log.duplicated(direction)
      this.#carry(direction, arrive)
    }
  }

  #lose(direction: Direction, reset: () => void): void {
    this.#log.lost(direction)
    if (this.#prng.chance(this.conditions.resetChance)) this.#world.schedule(this.#delayMs(), reset)
  }

  #carry(direction: Direction, arrive: () => void): void {
    const arrivalMs = this.#world.nowMs + this.#delayMs()
    // Times are rounded: of two that are equal, the later might come first.
    const afterLastMs = this.#lastArrivalMs[direction] + SHORTEST_MS
    const orderedMs = this.conditions.ordered ? Math.max(arrivalMs, afterLastMs) : arrivalMs
    this.#lastArrivalMs[direction] = orderedMs
    this.#world.schedule(orderedMs - this.#world.nowMs, arrive)
  }

  #delayMs(): number {
    const slow = this.#prng.chance(this.conditions.slowChance)
    return this.#prng.between(slow ? this.conditions.slowMs : this.conditions.latencyMs)
  }
}
