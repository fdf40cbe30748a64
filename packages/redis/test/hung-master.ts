import { createLocks } from '@leasehold/core'
import { askRedis, type RedisCluster, type Server, startRedisClusterReplica, until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { slotOfText } from '../src/cluster/slot.ts'
import { type RedisBackendOptions, redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { PARTITIONS, partitionOf } from '../src/partitions.ts'
import { claimOn, terms } from './claims.ts'
import { nodesOf, startClusterStanding } from './cluster-standing.ts'

/** Longer than the test may take. */
const NEVER_MS = 1_000_000

/** A Cluster of its own, of which one master is stopped where it is. */
export async function itLeavesAHungMaster(
  clientOf: (cluster: RedisCluster) => RedisBackendOptions['client'],
): Promise<void> {
  const standing = await startClusterStanding({ 'cluster-node-timeout': 1000 })
  const { cluster } = standing
  const [hung] = cluster.nodes as [Server]
  const replica = await startRedisClusterReplica(cluster, hung, { settings: { 'cluster-node-timeout': 1000 } })
  afterAll(async () => {
    hung.thaw()
    await standing.stop()
    await replica.stop()
  })

  it('a master that hangs is left as soon as the others know its successor, however long silence is put up with', async () => {
    const masters = await Promise.all(PARTITIONS.map(async (tag) => (await nodesOf(standing, slotOfText(tag)))[0]))
    const keys = Array.from({ length: 100 }, (_, index) => `hung ${index}`)
    const key = keys.find((each) => masters[PARTITIONS.indexOf(partitionOf(each))] === hung) as string
    const backend = redisBackend({ client: clientOf(cluster), replyTimeoutMs: NEVER_MS })
    const claim = claimOn(key)
    await backend.tryAcquire(claim, terms())
    const locks = createLocks(redisBackend({ client: clientOf(cluster), replyTimeoutMs: NEVER_MS }), { pollMs: 60_000 })
    const waiting = locks.named(key).acquire({ waitMs: 200_000 })
    const { queue } = keyNames('leasehold:', key)
    await until('it stands in line', async () => (await askRedis(hung, 'exists', queue)) === '1')
    await until('the replica has all of it', async () => {
      const [, replicas, written] =
        /offset=(\d+),.*master_repl_offset:(\d+)/s.exec(await askRedis(hung, 'info', 'replication')) ?? []
      return replicas !== undefined && replicas === written
    })
    hung.freeze()
    await expect(backend.tryAcquire(claim, terms())).rejects.toThrow(/closed/)
    const again = await backend.tryAcquire(claim, terms())
    expect(again).toMatchObject({ granted: true })
    await backend.release(claim)
    await (await waiting).release()
    await Promise.all([backend.close?.(), locks.close()])
  })
}
