import type { Instant } from '@leasehold/core'

export interface ClockSettings {
  readonly monotonicMs: number
  readonly wallMs: number
  /** Milliseconds that the clock counts in one true millisecond. */
  readonly monotonicRate: number
  readonly wallRate: number
}

/** The two clocks of one machine, as functions of true time. */
export class DriftingClock {
  readonly #trueNow: () => number
  readonly #rates: { readonly monotonic: number; readonly wall: number }
  #read: Instant
  #readAtMs: number
  #suspended = false

  constructor(trueNow: () => number, settings: ClockSettings) {
    this.#trueNow = trueNow
    this.#rates = { monotonic: settings.monotonicRate, wall: settings.wallRate }
    this.#read = { monotonicMs: settings.monotonicMs, wallMs: settings.wallMs }
    this.#readAtMs = trueNow()
  }

  now(): Instant {
    const elapsedMs = this.#trueNow() - this.#readAtMs
    return {
      monotonicMs: this.#read.monotonicMs + (this.#suspended ? 0 : elapsedMs * this.#rates.monotonic),
      wallMs: this.#read.wallMs + elapsedMs * this.#rates.wall,
    }
  }

  /** True time that passes while the monotonic clock counts `monotonicMs`. */
  trueMs(monotonicMs: number): number {
    return monotonicMs / this.#rates.monotonic
  }

  get suspended(): boolean {
    return this.#suspended
  }

  /** Both clocks count alike. */
  get steady(): boolean {
    return this.#rates.monotonic === this.#rates.wall
  }

  /** The machine sleeps: the monotonic clock stands still, the wall clock goes on. */
  suspend(): void {
    this.#fix()
    this.#suspended = true
  }

  wake(): void {
    this.#fix()
    this.#suspended = false
  }

  setWallBy(ms: number): void {
    this.#fix()
    this.#read = { ...this.#read, wallMs: this.#read.wallMs + ms }
  }

  #fix(): void {
    this.#read = this.now()
    this.#readAtMs = this.#trueNow()
  }
}
