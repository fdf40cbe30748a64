import type { Lane } from './lane.ts'

/** Sessions that wait. Whoever waits for more keys at once hears of their releases instead. */
const AT_MOST = 2

/** The few sessions of one process that stand in the server's line. */
export class Lanes {
  readonly #open: (ttlMs: number, gone: () => void) => Lane
  readonly #all = new Set<Lane>()

  constructor(open: (ttlMs: number, gone: () => void) => Lane) {
    this.#open = open
  }

  /** One that may wait for a lease of this TTL, if there is one. */
  free(ttlMs: number): Lane | undefined {
    for (const lane of this.#all) if (lane.isFree) return lane.retune(ttlMs)
    if (this.#all.size >= AT_MOST) return undefined
    const lane: Lane = this.#open(ttlMs, () => this.#all.delete(lane))
    this.#all.add(lane)
    return lane
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((lane) => lane.close()))
  }
}
