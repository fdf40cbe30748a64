import { type Clock, systemClock } from '../clock.ts'
import type { SuiteTime } from './target.ts'

const turnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(resolve))

/** For servers outside this process: time passes by itself. */
export const realTime: SuiteTime = {
  clock: systemClock,
  // Referenced, unlike the clock's timers: the suite must outlive its own waits.
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  stepMs: 5,
  arrivalMs: 50,
}

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

/** For servers inside this process that read the clock they are given: hours pass in a moment, in the same order every time. */
export function virtualTime(): SuiteTime {
  const clock = new VirtualClock()
  return { clock, pass: (ms) => clock.pass(ms), stepMs: 1, arrivalMs: 0 }
}

class VirtualClock implements Clock {
  #nowMs = 0
  readonly #timers = new Set<Timer>()

  now() {
    return { monotonicMs: this.#nowMs, wallMs: 1_700_000_000_000 + this.#nowMs }
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await turnOfTheLoop()
    for (let timer = this.#due(untilMs); timer !== undefined; timer = this.#due(untilMs)) {
      this.#timers.delete(timer)
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs)
      timer.callback()
      await turnOfTheLoop()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  /** The earliest timer; of equal ones, the one set first: a Set keeps the order of insertion. */
  #due(untilMs: number): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers) if (earliest === undefined || timer.dueMs < earliest.dueMs) earliest = timer
    return earliest !== undefined && earliest.dueMs <= untilMs ? earliest : undefined
  }
}
