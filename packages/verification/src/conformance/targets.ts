import { startEtcdClusterTarget, startEtcdTarget } from '../etcd/target.ts'
import { startLoopback } from '../loopback/target.ts'
import { startPooledPostgresRows, startPostgresAdvisory, startPostgresRows } from '../postgres/target.ts'
import { startRedisClusterTarget, startRedisSentinelTarget, startRedisTarget } from '../redis/target.ts'
import { startPoorQuorumTarget, startQuorumTarget } from '../redis-quorum/target.ts'
import { memoryTarget } from './memory.ts'
import type { RunningTarget } from './running-target.ts'

/** Every backend that the suite can be run against from here, by name. A backend joins with one line. */
export const targets: ReadonlyMap<string, () => Promise<RunningTarget>> = new Map([
  ['memory', async () => ({ target: memoryTarget(), stop: async () => {} })],
  ['loopback', startLoopback],
  ['postgres-rows', startPostgresRows],
  ['postgres-rows-pgbouncer', startPooledPostgresRows],
  ['postgres-advisory', startPostgresAdvisory],
  ['redis', startRedisTarget],
  ['redis-cluster', startRedisClusterTarget],
  ['redis-sentinel', startRedisSentinelTarget],
  ['redis-quorum', startQuorumTarget],
  ['redis-quorum-5', startPoorQuorumTarget],
  ['etcd', startEtcdTarget],
  ['etcd-cluster', startEtcdClusterTarget],
])
