import { LeaseholdError } from '@leasehold/core'
import type { Holds } from './holds.ts'

/** What a lease shows of itself: `Lease` fits. */
export interface FencedLease {
  readonly key: string
  readonly fencingToken: bigint
}

/** True at the server for as long as the lease holds its lock: `client.if(fence.key, 'Create', '==', fence.createRevision)`. */
export interface EtcdFence {
  readonly key: Buffer
  readonly createRevision: string
}

export function fenceOf(holds: Holds, { key, fencingToken }: FencedLease): EtcdFence {
  const hold = holds.find(key, fencingToken)
  if (hold === undefined)
    throw new LeaseholdError('LEASE_LOST', `the lease on ${JSON.stringify(key)} is not held here`, { key })
  return { key: Buffer.from(hold.place), createRevision: String(fencingToken) }
}
