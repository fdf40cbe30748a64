import type { NodeRedisClient } from '../redis-shapes.ts'
import type { NodeClient } from './node-client.ts'
import { NodeRedisConnection } from './node-redis-connection.ts'

/** By what no other library has. */
export const isNodeRedis = (client: object): client is NodeRedisClient =>
  'sendCommand' in client && 'isOpen' in client && typeof client.isOpen === 'boolean'

/** Of node-redis, the package `redis`. */
export const nodeRedisClient = (client: NodeRedisClient): NodeClient => ({
  keyPrefix: keyPrefixOf(client),
  duplicate: (replyTimeoutMs) => new NodeRedisConnection(client, replyTimeoutMs),
  // Logging in and selecting the database are part of its connecting, which fails where they do.
  prepare: async () => {},
})

export const keyPrefixOf = ({ options }: NodeRedisClient): string => String(options?.keyPrefix ?? '')
