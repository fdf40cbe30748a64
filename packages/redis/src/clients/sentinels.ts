import { type NodeAddress, textOf } from '../node-address.ts'
import { withoutArguments } from '../redaction.ts'
import type { NodeAddressMap, NodeRedisClient, NodeRedisOptions } from '../redis-shapes.ts'
import { classifyRedisError, Refused } from '../refusals.ts'
import { askOnce } from './ask-once.ts'
import { FoundConnection } from './found-connection.ts'
import { mapped } from './node-address-map.ts'
import type { NodeClient } from './node-client.ts'
import { keyPrefixOf } from './node-redis.ts'
import { NodeRedisConnection } from './node-redis-connection.ts'

/** How a primary is found, in the words of `createSentinel` of node-redis: its options may be given as they are. */
export interface RedisSentinels {
  /** By which the sentinels know the primary. */
  readonly name: string
  /** Where the sentinels are: they are asked in this order, anew for each connection. */
  readonly sentinelRootNodes: readonly NodeAddress[]
  /** How to log in to them, TLS. Nothing of that is taken from `client`. */
  readonly sentinelClientOptions?: NodeRedisOptions | undefined
  /** How a primary is reached that calls itself so. */
  readonly nodeAddressMap?: NodeAddressMap | undefined
  /** What stands before the names of keys, if not what `client` has. */
  readonly keyPrefix?: string | Uint8Array | undefined
}

/** Throws at once what would show at the first lock otherwise. */
export function assertSentinels({ name, sentinelRootNodes }: RedisSentinels): void {
  if (typeof name !== 'string' || name === '') throw new TypeError('sentinel.name must be a name')
  if (!Array.isArray(sentinelRootNodes) || sentinelRootNodes.length === 0 || !sentinelRootNodes.every(isPlace))
    throw new TypeError('sentinel.sentinelRootNodes must be one address or several: { host, port }')
}

const isPlace = (node: Partial<NodeAddress> | null | undefined): boolean =>
  typeof node?.host === 'string' && typeof node.port === 'number'

/** The primary that sentinels know. Each connection asks them anew. */
export function behindSentinels(client: NodeRedisClient, sentinel: RedisSentinels): NodeClient {
  // Never connected: connections to the sentinels are duplicates of it.
  const apart = client.duplicate(apartFrom(client, sentinel.sentinelClientOptions))
  return {
    keyPrefix: sentinel.keyPrefix === undefined ? keyPrefixOf(client) : String(sentinel.keyPrefix),
    duplicate: (replyTimeoutMs) =>
      new FoundConnection(async (isWanted) => {
        const primary = await primaryOf(apart, sentinel, replyTimeoutMs, isWanted)
        return new NodeRedisConnection(client, replyTimeoutMs, primary)
      }),
    prepare: async () => {},
  }
}

/** Of how the primary is reached, nothing is meant for the sentinels: its password would be refused there. */
const apartFrom = ({ options = {} }: NodeRedisClient, own: NodeRedisOptions = {}): Record<string, unknown> => ({
  ...Object.fromEntries(Object.keys(options).map((name) => [name, undefined])),
  ...own,
  socket: { ...own.socket },
})

/** One sentinel at a time: all but one may hang, and then there is the primary itself. */
async function primaryOf(
  apart: NodeRedisClient,
  { name, sentinelRootNodes, nodeAddressMap }: RedisSentinels,
  replyTimeoutMs: number,
  isWanted: AbortSignal,
): Promise<NodeAddress> {
  const patienceMs = Math.ceil(replyTimeoutMs / (sentinelRootNodes.length + 1))
  const failures: Error[] = []
  for (const place of sentinelRootNodes) {
    try {
      const redis = new NodeRedisConnection(apart, patienceMs, place)
      const answer = await askOnce(redis, patienceMs, isWanted, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
      if (answer !== null) return mapped(placeIn(answer), nodeAddressMap)
    } catch (error) {
      failures.push(saidBy(place, error))
    }
  }
  // One that was made anew may have to be told; all of them are not.
  if (failures.length === 0) throw new Refused(`the sentinels know no primary by the name ${JSON.stringify(name)}`)
  throw failures.find((error) => classifyRedisError(error) === 'refused') ?? failures[0]
}

const placeIn = (answer: unknown): NodeAddress => {
  const [host = '', port] = answer as readonly string[]
  return { host, port: Number(port) }
}

function saidBy(place: NodeAddress, error: unknown): Error {
  const told = withoutArguments(error)
  told.message = `sentinel ${textOf(place)}: ${told.message}`
  return told
}
