import { createLocks, type Lease, type LockBackend, type LockEvent } from '@leasehold/core'
import * as conformance from '@leasehold/core/conformance'
import { memoryBackend } from '@leasehold/core/memory'

const seen: LockEvent['type'][] = []
const backend: LockBackend = memoryBackend()
const locks = createLocks(backend, { onEvent: (event) => seen.push(event.type) })

async function tokenOfHold(): Promise<bigint> {
  await using lease: Lease = await locks.named('seat:A1').acquire({ ttlMs: 5000 })
  lease.assertHeld()
  return lease.fencingToken
}

const first = await tokenOfHold()
const second = await tokenOfHold()
await locks.close()
if (second <= first) throw new Error(`token ${second} came after ${first}`)
if (!seen.includes('released')) throw new Error(`events: ${seen}`)
if (Object.keys(conformance).length === 0) throw new Error('the suite is empty')
