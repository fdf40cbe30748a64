import type { Clock } from '../clock.ts'

/** A process's own clocks: they follow the suite's time, except where a case pulls the strings. */
export class PuppetClock implements Clock {
  readonly #time: Clock
  #wallOffsetMs = 0
  #stalled = false
  #overdue: (() => void)[] = []
  #pending = 0

  constructor(time: Clock) {
    this.#time = time
  }

  /** Timers set and neither fired nor cancelled. */
  get pendingTimers(): number {
    return this.#pending
  }

  now() {
    const { monotonicMs, wallMs } = this.#time.now()
    return { monotonicMs, wallMs: wallMs + this.#wallOffsetMs }
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    let live = true
    const end = () => {
      if (live) this.#pending -= 1
      live = false
    }
    const fire = () => {
      if (!live) return
      end()
      callback()
    }
    this.#pending += 1
    const cancel = this.#time.setTimer(delayMs, () => (this.#stalled ? this.#overdue.push(fire) : fire()))
    return () => {
      end()
      cancel()
    }
  }

  /** Somebody sets the wall clock, or the machine slept: the monotonic clock saw nothing of it. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms
  }

  /** From now on no timer fires, as when the event loop is blocked. Time goes on. */
  stallTimers(): void {
    this.#stalled = true
  }

  resumeTimers(): void {
    this.#stalled = false
    for (const fire of this.#overdue.splice(0)) fire()
  }
}
