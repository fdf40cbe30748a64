import { createLocks } from '@leasehold/core'
import { askRedis, type RedisSentinels, type Server, startRedisSentinels, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisBackend } from '../src/index.ts'
import { goesOnAtTheNewPrimary } from './new-primary.ts'

describe('behind sentinels', () => {
  let group: RedisSentinels
  beforeAll(async () => {
    group = await startRedisSentinels()
  })
  afterAll(() => group.stop())

  const client = (options: object = {}) => {
    const sentinels = group.sentinels.map(({ host, port }) => ({ host, port }))
    return new Redis({ sentinels, name: group.name, lazyConnect: true, ...options })
  }

  it('one that hangs is passed over', async () => {
    const [first] = group.sentinels as [Server]
    first.freeze()
    try {
      const locks = createLocks(redisBackend({ client: client() }))
      const lease = await locks.named('passed over').acquire({ waitMs: 15_000 })
      expect(await lease.release()).toBe('released')
      await locks.close()
    } finally {
      first.thaw()
    }
  })

  it('locks are taken at the primary, also by a client that reads from replicas', async () => {
    const locks = createLocks(redisBackend({ client: client({ role: 'slave' }) }), { onAdvice: () => {} })
    const lease = await locks.named('at the primary').acquire({ waitMs: 15_000 })
    expect(await lease.release()).toBe('released')
    await locks.close()
  })

  it('locks are taken by iovalkey, too', async () => {
    const sentinels = group.sentinels.map(({ host, port }) => ({ host, port }))
    const valkey = new Valkey({ sentinels, name: group.name, lazyConnect: true })
    const locks = createLocks(redisBackend({ client: valkey }))
    const lease = await locks.named('by iovalkey').acquire({ waitMs: 15_000 })
    expect(await lease.release()).toBe('released')
    await locks.close()
  })

  it('those that are listened to for a connection are left with it', async () => {
    const [first] = group.sentinels as [Server]
    const listening = async () => (await askRedis(first, 'client', 'list')).match(/cmd=subscribe/g)?.length ?? 0
    const locks = createLocks(redisBackend({ client: client({ failoverDetector: true }) }))
    await locks.named('detected').run(async () => {})
    await until('it is listened to', async () => (await listening()) === 1)
    await askRedis(group.primary, 'client', 'kill', 'type', 'normal')
    // Not acquired before: whoever has to wait has a second connection, with a listener of its own.
    const answers = () =>
      locks
        .named('detected')
        .inspect()
        .then(
          () => true,
          () => false,
        )
    await until('another connection answers', answers)
    await locks.named('detected').acquire({ waitMs: 15_000 })
    await until('it is listened to by the next', async () => (await listening()) === 1)
    await locks.close()
    await until('nobody listens', async () => (await listening()) === 0)
  })

  it('locks go on at the new primary, with greater tokens', () =>
    goesOnAtTheNewPrimary(group, redisBackend({ client: client() })))
})
