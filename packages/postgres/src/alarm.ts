import { LONGEST_TIMER_MS } from './longest-timer.ts'

/** One timer for many things that are due: it rings at the earliest of them, or early where that is too far away, and never keeps the process alive. Times are those of `performance.now()`. */
export class Alarm {
  readonly #ring: () => void
  #timer: NodeJS.Timeout | undefined
  #dueMs = Number.POSITIVE_INFINITY

  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** At this time at the latest. */
  by(dueMs: number): void {
    if (dueMs >= this.#dueMs) return
    this.stop()
    this.#dueMs = dueMs
    const delayMs = Math.max(1, Math.ceil(dueMs - performance.now()))
    this.#timer = setTimeout(() => this.#fire(), Math.min(delayMs, LONGEST_TIMER_MS)).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#dueMs = Number.POSITIVE_INFINITY
  }

  #fire(): void {
    this.#dueMs = Number.POSITIVE_INFINITY
    this.#ring()
  }
}
