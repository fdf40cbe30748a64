const PERIOD_MS = 10
/** A bound of a test is about a chain of so many steps at most: of timers, of trips, of processes that are woken. */
const STEPS = 20

/**
 * How late the machine is while a test measures. Where the bound is the claim, what other programs take of the machine is
 * added to it: next to nothing where there are none.
 */
export class Lateness {
  #worstMs = 0
  #dueMs = 0
  #timer: NodeJS.Timeout

  private constructor() {
    this.#timer = this.#next()
  }

  static watch(): Lateness {
    return new Lateness()
  }

  /** What to allow for. Ends the watch. */
  allowanceMs(): number {
    clearTimeout(this.#timer)
    // The last look may be overdue just now.
    this.#look()
    return this.#worstMs * STEPS
  }

  #next(): NodeJS.Timeout {
    this.#dueMs = performance.now() + PERIOD_MS
    return setTimeout(() => {
      this.#look()
      this.#timer = this.#next()
    }, PERIOD_MS).unref()
  }

  #look(): void {
    this.#worstMs = Math.max(this.#worstMs, performance.now() - this.#dueMs)
  }
}
