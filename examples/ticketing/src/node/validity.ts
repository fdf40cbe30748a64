import type { Lease } from '@leasehold/core'

/** How much longer a lease may be trusted, as its holder computes it. Plain data. */
export interface Validity {
  /** Decimal digits. */
  readonly fencingToken: string
  readonly remainingMs: number
}

type Tell = (validity: Validity) => void

const LOOK_MS = 50
/** The same deadline, read twice, differs by less than this. */
const SAME_MS = 20

/** Asks a lease, again and again, how long it is good for, and tells when the answer is not the expected one: until it is over, given up or handed off. */
export function watchLease(lease: Lease, tell: Tell): void {
  const fencingToken = String(lease.fencingToken)
  let endsAt = Number.NEGATIVE_INFINITY
  const look = (): void => {
    const { remainingMs } = lease
    const end = performance.now() + remainingMs
    if (remainingMs === 0 || Math.abs(end - endsAt) > SAME_MS) tell({ fencingToken, remainingMs })
    if (remainingMs === 0) clearInterval(timer)
    endsAt = end
  }
  const timer = setInterval(look, LOOK_MS)
  timer.unref()
  look()
}
