import { memoryTarget } from './memory.ts'
import type { RunningTarget } from './running-target.ts'

/** Every backend that the suite can be run against from here, by name. A backend joins with one line. What the others need is not loaded. */
export const targets: ReadonlyMap<string, () => Promise<RunningTarget>> = new Map([
  ['memory', async () => ({ target: memoryTarget(), stop: async () => {} })],
  ['loopback', async () => (await import('../loopback/target.ts')).startLoopback()],
  ['postgres-rows', async () => (await import('../postgres/target.ts')).startPostgresRows()],
  ['postgres-rows-pgbouncer', async () => (await import('../postgres/target.ts')).startPooledPostgresRows()],
  ['postgres-rows-postgres-js', async () => (await import('../postgres/target.ts')).startPostgresJsRows()],
  ['postgres-rows-pglite', async () => (await import('../postgres/target.ts')).startPgliteRows()],
  ['postgres-advisory', async () => (await import('../postgres/target.ts')).startPostgresAdvisory()],
  ['redis', async () => (await import('../redis/target.ts')).startRedisTarget()],
  ['redis-node-redis', async () => (await import('../redis/target.ts')).startNodeRedisTarget()],
  ['redis-node-redis-6', async () => (await import('../redis/target.ts')).startNodeRedis6Target()],
  ['redis-iovalkey', async () => (await import('../redis/target.ts')).startIovalkeyTarget()],
  ['redis-clustered', async () => (await import('../redis/target.ts')).startClusteredRedisTarget()],
  ['redis-cluster', async () => (await import('../redis/target.ts')).startRedisClusterTarget()],
  ['redis-sentinel', async () => (await import('../redis/target.ts')).startRedisSentinelTarget()],
  ['redis-cluster-node-redis', async () => (await import('../redis/target.ts')).startNodeRedisClusterTarget()],
  ['redis-sentinel-node-redis', async () => (await import('../redis/target.ts')).startNodeRedisSentinelTarget()],
  ['redis-quorum', async () => (await import('../redis-quorum/target.ts')).startQuorumTarget()],
  ['redis-quorum-5', async () => (await import('../redis-quorum/target.ts')).startPoorQuorumTarget()],
  ['etcd', async () => (await import('../etcd/target.ts')).startEtcdTarget()],
  ['etcd-etcd3', async () => (await import('../etcd/target.ts')).startEtcd3Target()],
  ['etcd-cluster', async () => (await import('../etcd/target.ts')).startEtcdClusterTarget()],
])
