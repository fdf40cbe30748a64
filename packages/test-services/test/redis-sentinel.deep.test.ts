import { afterAll, beforeAll, expect, test } from 'vitest'
import { askRedis, type RedisSentinels, startRedisSentinels, until } from '../src/index.ts'

let group: RedisSentinels
beforeAll(async () => {
  group = await startRedisSentinels()
})
afterAll(() => group.stop())

test('a primary that died follows its successor when it is back', async () => {
  await askRedis(group.primary, 'set', 'before', 'yes')
  await askRedis(group.primary, 'wait', '1', '0')
  await group.primary.kill()
  await until('the failover', async () => (await group.primaryPort()) === group.replica.port)
  await group.primary.restart()
  // Sentinels give a returning primary some ten seconds to prove that it is none.
  // When they turn it round, they cut off all its clients: whoever asks just then gets no answer.
  const role = () => askRedis(group.primary, 'info', 'replication').catch(() => 'unknown')
  const follows = async () => (await role()).includes('role:slave')
  await until('the former primary follows', follows)
  await group.replica.restart()
  expect(await askRedis(group.replica, 'get', 'before')).toBe('yes')
})
