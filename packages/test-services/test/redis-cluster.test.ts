import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askRedis, type RedisCluster, startClusteredRedis, startRedisCluster } from '../src/index.ts'

describe('a Redis Cluster from this machine', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster({ own: true })
  })
  afterAll(() => cluster.stop())

  const ask = (...command: string[]): Promise<string> => askRedis(cluster.nodes[0] ?? { port: 0 }, '-c', ...command)

  test('has three masters that serve all slots', async () => {
    const info = await ask('cluster', 'info')
    expect(info).toContain('cluster_slots_ok:16384')
    expect(info).toContain('cluster_size:3')
  })

  test('refuses commands over several slots', async () => {
    expect(await ask('mget', 'a', 'b')).toContain('CROSSSLOT')
  })

  test('keeps its data over a restart of all nodes', async () => {
    await ask('set', 'kept', 'yes')
    await cluster.restart()
    expect(await ask('get', 'kept')).toBe('yes')
  })

  test('comes back empty and complete, if asked', async () => {
    await ask('set', 'forgotten', 'yes')
    await cluster.restart({ keepData: false })
    expect(await ask('exists', 'forgotten')).toBe('0')
    expect(await ask('cluster', 'info')).toContain('cluster_slots_ok:16384')
  })
})

describe('a clustered Redis from this machine', () => {
  test('has all slots, keeps to them, and comes back so, empty or not', async () => {
    await using cluster = await startClusteredRedis()
    const [node = { port: 0 }] = cluster.nodes
    for (const keepData of [true, false]) {
      await askRedis(node, 'set', 'kept', 'yes')
      expect(await askRedis(node, 'mget', 'a', 'b')).toContain('CROSSSLOT')
      await cluster.restart({ keepData })
      expect(await askRedis(node, 'exists', 'kept')).toBe(keepData ? '1' : '0')
    }
    expect(await askRedis(node, 'cluster', 'info')).toContain('cluster_size:1')
  })
})
