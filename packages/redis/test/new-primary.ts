import { createLocks, type LockBackend } from '@leasehold/core'
import type { RedisSentinels } from '@leasehold/test-services'
import { expect } from 'vitest'

/** When the primary has died, sentinels lead on to the new one, and tokens go on. */
export async function goesOnAtTheNewPrimary(group: RedisSentinels, backend: LockBackend): Promise<void> {
  const locks = createLocks(backend, { ttlMs: 1000 })
  const before = await locks.named('seat').acquire()
  await group.primary.kill()
  const after = await locks.named('seat').acquire({ waitMs: 40_000, whenHeld: 'wait' })
  expect(after.fencingToken).toBeGreaterThan(before.fencingToken)
  expect(await after.release()).toBe('released')
  expect(await locks.close()).toMatchObject({ unreleased: [], backendError: undefined })
}
