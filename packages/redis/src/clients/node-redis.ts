import type {
  NodeRedisClient,
  NodeRedisClusterClient,
  NodeRedisClusterCommander,
  NodeRedisSentinelCommander,
} from '../redis-shapes.ts'
import type { NodeClient } from './node-client.ts'
import { NodeRedisConnection } from './node-redis-connection.ts'

/** By what no other library has. */
export const isNodeRedis = (client: object): client is NodeRedisClient =>
  'sendCommand' in client && 'isOpen' in client && typeof client.isOpen === 'boolean'

export const isClusterOfNodeRedis = (client: object): client is NodeRedisClusterCommander =>
  'getSlotRandomNode' in client

/** One that tells how its nodes are reached: before 5.5, it keeps that to itself. */
export const isNodeRedisCluster = (client: object): client is NodeRedisClusterClient =>
  isClusterOfNodeRedis(client) && '_options' in client

export const isSentinelOfNodeRedis = (client: object): client is NodeRedisSentinelCommander =>
  'getSentinelNode' in client

/** Of node-redis, the package `redis`. */
export const nodeRedisClient = (client: NodeRedisClient): NodeClient => ({
  keyPrefix: keyPrefixOf(client),
  duplicate: (replyTimeoutMs) => new NodeRedisConnection(client, replyTimeoutMs),
  // Logging in and selecting the database are part of its connecting, which fails where they do.
  prepare: async () => {},
})

export const keyPrefixOf = ({ options }: Pick<NodeRedisClient, 'options'>): string => String(options?.keyPrefix ?? '')
