import type { NodeRedisClient, RedisClient, RedisClusterClient } from '../redis-shapes.ts'
import type { AskCredentials } from './credentials.ts'
import { ioredisClient } from './ioredis.ts'
import type { NodeClient } from './node-client.ts'
import { isNodeRedis, nodeRedisClient } from './node-redis.ts'
import { assertClient, isObject } from './unsupported.ts'

/** Your client of one node: nothing is sent over it, and the library it is of is not loaded for it. */
export function nodeClientOf(
  argument: string,
  client: RedisClient | NodeRedisClient,
  credentials?: AskCredentials,
): NodeClient {
  assertClient(argument, client)
  return isNodeRedis(client) ? nodeRedisClient(client) : ioredisClient(client, credentials)
}

/** A Cluster of `ioredis`, or of what was made from it. */
export const isClusterClient = (client: unknown): client is RedisClusterClient =>
  isObject(client) && 'isCluster' in client && client.isCluster === true
