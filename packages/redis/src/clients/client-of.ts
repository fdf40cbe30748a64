import type { NodeRedisClient, NodeRedisClusterClient, RedisClient, RedisClusterClient } from '../redis-shapes.ts'
import type { ClusterClient } from './cluster-client.ts'
import type { AskCredentials } from './credentials.ts'
import { ioredisClient } from './ioredis.ts'
import { IoredisCluster } from './ioredis-cluster.ts'
import type { NodeClient } from './node-client.ts'
import { isNodeRedis, isNodeRedisCluster, nodeRedisClient } from './node-redis.ts'
import { NodeRedisCluster } from './node-redis-cluster.ts'
import { assertSentinels, behindSentinels, type RedisSentinels } from './sentinels.ts'
import { assertClient, isObject } from './unsupported.ts'

export interface WayToNode {
  readonly credentials?: AskCredentials | undefined
  readonly sentinel?: RedisSentinels | undefined
}

/** Your client of one node: nothing is sent over it, and the library it is of is not loaded for it. */
export function nodeClientOf(
  argument: string,
  client: RedisClient | NodeRedisClient,
  { credentials, sentinel }: WayToNode = {},
): NodeClient {
  assertClient(argument, client)
  if (sentinel !== undefined) return clientBehind(client, sentinel)
  return isNodeRedis(client) ? nodeRedisClient(client) : ioredisClient(client, credentials)
}

function clientBehind(client: RedisClient | NodeRedisClient, sentinel: RedisSentinels): NodeClient {
  if (!isNodeRedis(client))
    throw new TypeError('sentinel is for a client of node-redis: make a client of ioredis with its sentinels')
  assertSentinels(sentinel)
  return behindSentinels(client, sentinel)
}

/** Your client of a Cluster: nothing is sent over it. */
export const clusterClientOf = (
  client: RedisClusterClient | NodeRedisClusterClient,
  replyTimeoutMs: number,
  credentials?: AskCredentials,
): ClusterClient =>
  isNodeRedisCluster(client)
    ? new NodeRedisCluster(client, replyTimeoutMs)
    : new IoredisCluster(client, replyTimeoutMs, credentials)

/** A Cluster that tells how its nodes are reached. */
export const isClusterClient = (client: unknown): client is RedisClusterClient | NodeRedisClusterClient =>
  isObject(client) && (('isCluster' in client && client.isCluster === true) || isNodeRedisCluster(client))
