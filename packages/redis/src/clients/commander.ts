import type {
  NodeRedisClient,
  NodeRedisClusterCommander,
  NodeRedisSentinelCommander,
  RedisCommander,
} from '../redis-shapes.ts'
import { isClusterOfNodeRedis, isNodeRedis, isSentinelOfNodeRedis } from './node-redis.ts'
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

/** Whichever way it leads to servers. */
export type CommandingClient = RedisCommander | NodeRedisClient | NodeRedisClusterCommander | NodeRedisSentinelCommander

/** Clients of node-redis, from 6 on: a Cluster and sentinels have no `options` to be read. */
interface Prefixing {
  readonly options?: { readonly keyPrefix?: string | Uint8Array | undefined } | undefined
  readonly _keyPrefix?: string | Uint8Array | undefined
}

/** One for each client: what was sent over it is remembered by it. */
const commanders = new WeakMap<object, RedisCommander>()

export function commanderOf(argument: string, client: CommandingClient): Commander {
  if (isObject(client) && 'call' in client) {
    const { options } = client as { readonly options?: { readonly keyPrefix?: string | null } }
    return { commander: client, keyPrefix: '', hashedPrefix: options?.keyPrefix ?? '' }
  }
  const commander = commanders.get(client) ?? nodeRedisCommander(argument, client)
  commanders.set(client, commander)
  const { options, _keyPrefix } = client as Prefixing
  const keyPrefix = String(options?.keyPrefix ?? _keyPrefix ?? '')
  return { commander, keyPrefix, hashedPrefix: keyPrefix }
}

/** What is sent names its keys after the script and their number: the first tells a Cluster where to. */
function nodeRedisCommander(argument: string, client: Exclude<CommandingClient, RedisCommander>): RedisCommander {
  if (isObject(client) && isClusterOfNodeRedis(client))
    return {
      call: (command, ...args) =>
        client.sendCommand(String(args[2]), false, [command, ...argumentsOf(args)], AS_THEY_COME),
    }
  if (isObject(client) && isSentinelOfNodeRedis(client))
    return { call: (command, ...args) => client.sendCommand(false, [command, ...argumentsOf(args)], AS_THEY_COME) }
  assertClient(argument, client)
  if (!isNodeRedis(client)) throw new TypeError(`${argument} must have a method call, as a client of ioredis has`)
  if (client.options?.legacyMode) throw new TypeError(`${argument} must not be in legacyMode: it answers by callbacks`)
  return { call: (command, ...args) => client.sendCommand([command, ...argumentsOf(args)], AS_THEY_COME) }
}
