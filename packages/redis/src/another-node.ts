import type { RedisCommander } from './redis-shapes.ts'
import { Refused } from './refusals.ts'

/** Where the slot of a key is served, if not here. */
const ELSEWHERE = /^MOVED /

/** How many masters have slots, as a node of a Cluster tells it. */
const MASTERS = /^cluster_size:(\d+)/m

/**
 * What to say of a node that sends a client of one node elsewhere. Among several masters that is for good, and to be told; a single one was the master of a clustered service, and behind the same address there
 * is another one now.
 */
export const atAnotherNode = (error: Error, redis: RedisCommander): Promise<Error> | undefined =>
  ELSEWHERE.test(error.message) ? explained(error, redis) : undefined

async function explained(error: Error, redis: RedisCommander): Promise<Error> {
  const info = await redis.call('CLUSTER', 'INFO').catch(() => '')
  const masters = Number(MASTERS.exec(String(info))?.[1] ?? 0)
  if (masters > 1)
    return new Refused(
      `the server is one of ${masters} masters of a Cluster: pass a Cluster of ioredis or of node-redis (${error.message})`,
    )
  return new Error(
    `${error.message}: the server is not the master of this key any more; if there are several masters, pass a Cluster of ioredis or of node-redis`,
  )
}
