import type { Lane } from './lane.ts'

/** Sessions that wait. Whoever waits for more keys at once hears of their releases instead. */
const AT_MOST = 2

/** Between attempts to open one. */
const RETRY_MS = 1000

/** The few sessions of one process that stand in the server's line. */
export class Lanes {
  readonly #open: (ttlMs: number, gone: () => void) => Lane
  readonly #all = new Set<Lane>()
  #failedAtMs = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(open: (ttlMs: number, gone: () => void) => Lane) {
    this.#open = open
  }

  /** One that may wait for a lease of this TTL, if there is one. */
  free(ttlMs: number): Lane | undefined {
    if (this.#closed) throw new Error('these locks were closed')
    for (const lane of this.#all) if (lane.isFree) return lane.retune(ttlMs)
    // A server that has no connection left must not be asked for one by every poll.
    if (this.#all.size >= AT_MOST || performance.now() < this.#failedAtMs + RETRY_MS) return undefined
    const lane: Lane = this.#open(ttlMs, () => this.#gone(lane))
    this.#all.add(lane)
    return lane
  }

  #gone(lane: Lane): void {
    this.#all.delete(lane)
    if (lane.pid === undefined) this.#failedAtMs = performance.now()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#all].map((lane) => lane.close()))
  }
}
