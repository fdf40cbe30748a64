import type { Lease } from '../api.ts'
import { leaseError } from '../errors.ts'
import { holdOf } from './lease.ts'
import { operate } from './operate.ts'
import { metadataText } from './options.ts'

/**
 * Replaces what `inspect` shows of a lease: JSON of at most 4096 bytes, such as how far a long job has come. Rejects with `LEASE_LOST` or `LEASE_ENDED` where the lease is over, `UNSUPPORTED` where the
 * backend cannot, or a backend error.
 */
export async function annotate(lease: Lease, metadata: unknown): Promise<void> {
  const hold = holdOf(lease)
  const text = metadataText('metadata', metadata)
  hold.assertValid()
  hold.annotated()
  const { claim, key } = hold
  const kept = await operate(hold.hall, key, 'annotate', (backend) => backend.annotate?.(claim, text))
  if (kept) return
  // Whoever works under it is told, too, and why.
  await hold.renew()
  throw leaseError('LEASE_LOST', key, 'is lost: gone')
}
