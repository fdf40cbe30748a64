/**
 * One reading of both clocks, in milliseconds.
 *
 * Linux's monotonic clock stands still while a machine sleeps or a VM is paused; the wall clock can be set. Only
 * together do they tell how much time may have passed.
 */
export interface Instant {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** Where the engine gets time from. Replace it to run the whole engine under a virtual clock. */
export interface Clock {
  now(): Instant
  /**
   * Calls `callback` once, no earlier than `delayMs` (0 to 2147483647) from now by the monotonic clock. Must not keep the
   * process alive. Returns a function that cancels.
   */
  setTimer(delayMs: number, callback: () => void): () => void
}

export const NEVER_MS: number = Infinity

/**
 * The global is a getter, which costs as much as reading the clock. Taken at the first use, since it is made then, and anew with each timer: a test that puts timers of its own
 * in the place of the system's puts a clock there, too.
 */
let monotonic: typeof performance | undefined

export const systemClock: Clock = {
  now() {
    monotonic ??= performance
    return { monotonicMs: monotonic.now(), wallMs: Date.now() }
  },
  setTimer(delayMs, callback) {
    monotonic = undefined
    const timer: Partial<NodeJS.Timeout> = setTimeout(callback, delayMs)
    // Not everywhere: a browser's timer is a number.
    timer.unref?.()
    return () => clearTimeout(timer as NodeJS.Timeout)
  },
}

export const shift = (instant: Instant, ms: number): Instant => ({
  monotonicMs: instant.monotonicMs + ms,
  wallMs: instant.wallMs + ms,
})

/** Time from `now` until `until`, by whichever clock says it is nearer. Not positive: over. */
export const msUntil = (until: Instant, now: Instant): number =>
  Math.min(until.monotonicMs - now.monotonicMs, until.wallMs - now.wallMs)

/** Not later than either, on both clocks. */
export const earlier = (one: Instant, other: Instant): Instant =>
  one.monotonicMs <= other.monotonicMs && one.wallMs <= other.wallMs
    ? one
    : {
        monotonicMs: Math.min(one.monotonicMs, other.monotonicMs),
        wallMs: Math.min(one.wallMs, other.wallMs),
      }
