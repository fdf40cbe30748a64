import { type Clock, type Instant, systemClock } from '@leasehold/core'

/** The system's clocks; the wall clock of this process can be set, as an administrator or a time server would. */
export class SettableClock implements Clock {
  /** How far the wall clock is ahead, in milliseconds. */
  offsetMs = 0

  now(): Instant {
    const { monotonicMs, wallMs } = systemClock.now()
    return { monotonicMs, wallMs: wallMs + this.offsetMs }
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    return systemClock.setTimer(delayMs, callback)
  }
}
