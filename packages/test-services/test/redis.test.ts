import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askRedis, type Server, startRedis, startRedisReplica, until } from '../src/index.ts'

describe('a Redis from this machine', () => {
  let server: Server
  beforeAll(async () => {
    server = await startRedis({ own: true, settings: { maxmemory: 50_000_000 } })
  })
  afterAll(() => server.stop())

  test('has the settings it was given', async () => {
    expect(await askRedis(server, 'config', 'get', 'maxmemory')).toBe('maxmemory\n50000000')
  })

  test('keeps its data over a restart', async () => {
    await askRedis(server, 'set', 'kept', 'yes')
    await server.restart()
    expect(await askRedis(server, 'get', 'kept')).toBe('yes')
  })

  test('comes back empty, if asked', async () => {
    await askRedis(server, 'set', 'forgotten', 'yes')
    await server.restart({ keepData: false })
    expect(await askRedis(server, 'exists', 'forgotten')).toBe('0')
  })

  test('forgets what it had not saved when it is killed', async () => {
    await askRedis(server, 'set', 'unsaved', 'yes')
    await server.kill()
    await server.restart()
    expect(await askRedis(server, 'exists', 'unsaved')).toBe('0')
  })

  test('hands its data to a replica', async () => {
    await askRedis(server, 'set', 'before', 'yes')
    await using replica = await startRedisReplica(server)
    expect(await askRedis(replica, 'get', 'before')).toBe('yes')
    await askRedis(server, 'set', 'after', 'yes')
    await until('the replica follows', async () => (await askRedis(replica, 'get', 'after')) === 'yes')
    expect(await askRedis(replica, 'info', 'replication')).toContain('role:slave')
  })
})
