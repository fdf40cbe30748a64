import type { LockBackend } from '@leasehold/core'
import { type RedisBackendOptions, redisBackend } from '@leasehold/redis'
import { Cluster, Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createCluster } from 'redis'
import { createClient as createClient6 } from 'redis6'

/** Where servers are, and under which name they know the connections. */
export interface Address {
  /** By `ioredis`, unless it says by what else. */
  readonly kind:
    | 'node'
    | 'node by iovalkey'
    | 'node by node-redis'
    | 'node by node-redis 6'
    | 'cluster'
    | 'cluster by node-redis'
    | 'sentinel'
    | 'sentinel by node-redis'
  readonly urls: readonly string[]
  readonly connectionName: string
  /** Default: that of nobody. */
  readonly credentials?: { readonly username: string; readonly password: string }
  /** Ports that are reached by way of others. */
  readonly detours?: ReadonlyMap<number, number>
}

/** By which the sentinels of the tests know the primary. */
const SENTINEL_NAME = 'leasehold'

/** A client of its own, as another process would have. Never connected: the backend works on duplicates. */
export function openRedis(address: Address): LockBackend {
  return redisBackend(address.kind.includes(' by node-redis') ? byNodeRedis(address) : { client: clientOf(address) })
}

const placesOf = (urls: readonly string[]) =>
  urls.map((url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) }))

const mapOf = (detours: ReadonlyMap<number, number> = new Map()) =>
  Object.fromEntries([...detours].map(([from, to]) => [`127.0.0.1:${from}`, { host: '127.0.0.1', port: to }]))

function clientOf({ kind, urls, connectionName, credentials, detours }: Address): Redis | Cluster | Valkey {
  const options = { connectionName, lazyConnect: true, ...credentials }
  const natMap = mapOf(detours)
  if (kind === 'node by iovalkey') return new Valkey(urls[0] ?? '', options)
  if (kind === 'node') return new Redis(urls[0] ?? '', options)
  if (kind === 'sentinel') return new Redis({ ...options, sentinels: placesOf(urls), name: SENTINEL_NAME, natMap })
  return new Cluster(placesOf(urls), { lazyConnect: true, natMap, redisOptions: { connectionName, ...credentials } })
}

function byNodeRedis({ kind, urls, connectionName, credentials, detours }: Address): RedisBackendOptions {
  const options = { name: connectionName, ...credentials }
  const nodeAddressMap = mapOf(detours)
  if (kind === 'cluster by node-redis') {
    const rootNodes = urls.map((url) => ({ url }))
    return { client: createCluster({ rootNodes, defaults: options, nodeAddressMap }) }
  }
  // Over RESP3.
  if (kind === 'node by node-redis 6') return { client: createClient6({ url: urls[0] ?? '', ...options }) }
  if (kind === 'node by node-redis') return { client: createClient({ url: urls[0] ?? '', ...options }) }
  const sentinel = { name: SENTINEL_NAME, sentinelRootNodes: placesOf(urls), nodeAddressMap }
  return { client: createClient(options), sentinel }
}
