import type { Instant } from '@leasehold/core'

export const shift = (instant: Instant, ms: number): Instant => ({
  monotonicMs: instant.monotonicMs + ms,
  wallMs: instant.wallMs + ms,
})

/** Not later than either, on both clocks. */
export const earlier = (one: Instant, other: Instant): Instant => ({
  monotonicMs: Math.min(one.monotonicMs, other.monotonicMs),
  wallMs: Math.min(one.wallMs, other.wallMs),
})
