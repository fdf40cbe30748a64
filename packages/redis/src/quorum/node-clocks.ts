import type { Clock } from '@leasehold/core'

/** Proposals run so much ahead of the nodes' clocks that a node which counts from its clock is mostly below: a few round trips. */
const LEAD_US = 10_000n

interface Reading {
  readonly sentMs: number
  readonly clockUs: number
}

/** What the nodes' clocks show, as far as this process has heard: tokens are proposed by the clock that is furthest ahead. */
export class NodeClocks {
  readonly #clock: Clock
  readonly #readings = new Map<number, Reading>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get nowMs(): number {
    return this.#clock.now().monotonicMs
  }

  /** `sentMs`: read before the question was sent, so that the estimate runs ahead rather than behind. */
  heard(node: number, sentMs: number, clockUs: number): void {
    this.#readings.set(node, { sentMs, clockUs })
  }

  /** Above `last`, too. Before anything was heard, 0: every node then answers with a token of its own, and they agree in a second round. */
  proposal(last = -1n): bigint {
    const nowMs = this.nowMs
    const estimates = [...this.#readings.values()].map(({ sentMs, clockUs }) => clockUs + (nowMs - sentMs) * 1000)
    const estimate = estimates.length === 0 ? 0n : BigInt(Math.ceil(Math.max(...estimates))) + LEAD_US
    return estimate > last ? estimate : last + 1n
  }
}
