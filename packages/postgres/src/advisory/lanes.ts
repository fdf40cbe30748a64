import type { Lane } from './lane.ts'

/** Sessions that wait. Whoever waits for more keys at once hears of their releases instead. */
const AT_MOST = 2

/** Those included that wait behind readers for all of a place: out of line, they would be passed for as long as the times of readers overlap. */
const AT_MOST_BEHIND_READERS = 8

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
  free(ttlMs: number, isBehindReaders: boolean): Lane | undefined {
    if (this.#closed) throw new Error('these locks were closed')
    for (const lane of this.#all) if (lane.isFree) return lane.retune(ttlMs)
    // A server that has no connection left must not be asked for one by every poll.
    const atMost = isBehindReaders ? AT_MOST_BEHIND_READERS : AT_MOST
    if (this.#all.size >= atMost || performance.now() < this.#failedAtMs + RETRY_MS) return undefined
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
