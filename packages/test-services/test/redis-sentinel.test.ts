import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askRedis, type RedisSentinels, startRedisSentinels, until } from '../src/index.ts'

describe('a primary watched by sentinels', () => {
  let group: RedisSentinels
  beforeAll(async () => {
    group = await startRedisSentinels()
  })
  afterAll(() => group.stop())

  test('is the one that the sentinels name', async () => {
    expect(await group.primaryPort()).toBe(group.primary.port)
  })

  test('is replaced by its replica when it dies', async () => {
    await askRedis(group.primary, 'set', 'before', 'yes')
    await askRedis(group.primary, 'wait', '1', '0')
    await group.primary.kill()
    await until('the failover', async () => (await group.primaryPort()) === group.replica.port)
    expect(await askRedis(group.replica, 'get', 'before')).toBe('yes')
    expect(await askRedis(group.replica, 'info', 'replication')).toContain('role:master')
  })
})
