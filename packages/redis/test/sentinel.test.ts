import { createLocks } from '@leasehold/core'
import { type RedisSentinels, startRedisSentinels } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redis } from '../src/index.ts'

describe('behind sentinels', () => {
  let group: RedisSentinels
  beforeAll(async () => {
    group = await startRedisSentinels()
  })
  afterAll(() => group.stop())

  it('locks go on at the new primary, with greater tokens', async () => {
    const sentinels = group.sentinels.map(({ host, port }) => ({ host, port }))
    const client = new Redis({ sentinels, name: group.name, lazyConnect: true })
    const locks = createLocks(redis({ client }), { ttlMs: 1000 })
    const before = await locks.lock('seat').acquire()
    await group.primary.kill()
    const after = await locks.lock('seat').acquire({ waitMs: 40_000, whenHeld: 'wait' })
    expect(after.fencingToken).toBeGreaterThan(before.fencingToken)
    expect(await after.release()).toBe('released')
    expect(await locks.close()).toMatchObject({ unreleased: [], backendError: undefined })
  }, 60_000)
})
