import type { NodeRedisClient, RedisCommander } from '../redis-shapes.ts'
import { isNodeRedis, keyPrefixOf } from './node-redis.ts'
import { argumentsOf } from './node-redis-connection.ts'
import { assertClient, isObject } from './unsupported.ts'

/** Answers as they come, whatever types your client is set to. */
const AS_THEY_COME = { typeMapping: {} }

/** Sends single commands over your own client. */
export interface Commander {
  readonly commander: RedisCommander
  /** What is to stand before the names of keys, where the library does not put it there. */
  readonly keyPrefix: string
  /** What stands before them at the server, whoever has put it there. */
  readonly hashedPrefix: string
}

/** One for each client: what was sent over it is remembered by it. */
const commanders = new WeakMap<NodeRedisClient, RedisCommander>()

export function commanderOf(argument: string, client: RedisCommander | NodeRedisClient): Commander {
  if (isObject(client) && 'call' in client) {
    const { options } = client as { readonly options?: { readonly keyPrefix?: string | null } }
    return { commander: client, keyPrefix: '', hashedPrefix: options?.keyPrefix ?? '' }
  }
  assertClient(argument, client)
  if (!isNodeRedis(client)) throw new TypeError(`${argument} must have a method call, as a client of ioredis has`)
  if (client.options?.legacyMode) throw new TypeError(`${argument} must not be in legacyMode: it answers by callbacks`)
  const commander = commanders.get(client) ?? {
    call: (command, ...args) => client.sendCommand([command, ...argumentsOf(args)], AS_THEY_COME),
  }
  commanders.set(client, commander)
  const keyPrefix = keyPrefixOf(client)
  return { commander, keyPrefix, hashedPrefix: keyPrefix }
}
