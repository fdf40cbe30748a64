import type { Lease, Locks } from '@leasehold/core'

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

/** The same locks; asks each of their leases, again and again, how long it is good for, and tells when the answer is not the expected one. */
export function watchLeases(locks: Locks, tell: Tell): Locks {
  const watched = <T extends Lease | null>(lease: T): T => {
    if (lease !== null) watch(lease, tell)
    return lease
  }
  return {
    named: (key, defaults) => locks.named(key, defaults),
    async acquireAll(keys, options) {
      const group = await locks.acquireAll(keys, options)
      group.leases.forEach(watched)
      return group
    },
    async tryAcquireAll(keys, options) {
      const group = await locks.tryAcquireAll(keys, options)
      group?.leases.forEach(watched)
      return group
    },
    resume: async (handle, options) => watched(await locks.resume(handle, options)),
    close: () => locks.close(),
    [Symbol.asyncDispose]: () => locks[Symbol.asyncDispose](),
  }
}

/** Until it is over, given up or handed off. */
function watch(lease: Lease, tell: Tell): void {
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
