import { type Clock, type Instant, systemClock } from '@leasehold/core'

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
  cancel(): void
}

/** The system's clocks, which a test can set forward: what then runs out does so at once, and not before, however slow the machine is. */
export class OfficeClock implements Clock {
  readonly #timers = new Set<Timer>()
  #aheadMs = 0

  now(): Instant {
    const { monotonicMs, wallMs } = systemClock.now()
    return { monotonicMs: monotonicMs + this.#aheadMs, wallMs: wallMs + this.#aheadMs }
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.now().monotonicMs + delayMs, callback, cancel: () => {} }
    this.#timers.add(timer)
    this.#arm(timer)
    return () => {
      timer.cancel()
      this.#timers.delete(timer)
    }
  }

  setForward(ms: number): void {
    this.#aheadMs += ms
    for (const timer of this.#timers) {
      timer.cancel()
      this.#arm(timer)
    }
  }

  #arm(timer: Timer): void {
    const delayMs = Math.max(0, timer.dueMs - this.now().monotonicMs)
    timer.cancel = systemClock.setTimer(delayMs, () => {
      this.#timers.delete(timer)
      timer.callback()
    })
  }
}
