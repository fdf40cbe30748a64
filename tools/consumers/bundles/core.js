import assert from 'node:assert/strict'
import { createLocks } from '@leasehold/core'
import { conformanceCases } from '@leasehold/core/conformance'
import { memoryBackend } from '@leasehold/core/memory'

export async function main() {
  const locks = createLocks(memoryBackend())
  const lease = await locks.named('seat:A1').acquire()
  assert.equal(await lease.release(), 'released')
  assert.ok(conformanceCases.length > 100)
  await locks.close()
}
