import type { LockBackend } from '@leasehold/core'
import { type NodeRedisClient, redisBackend } from '@leasehold/redis'
import { Cluster, Redis } from 'ioredis'
import { createClient } from 'redis'

/** Where servers are, and under which name they know the connections. */
export interface Address {
  /** One node by `ioredis`, unless it says by what else. */
  readonly kind: 'node' | 'node by node-redis' | 'cluster' | 'sentinel'
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
  return redisBackend({ client: clientOf(address) })
}

function clientOf({
  kind,
  urls,
  connectionName,
  credentials,
  detours = new Map(),
}: Address): Redis | Cluster | NodeRedisClient {
  const options = { connectionName, lazyConnect: true, ...credentials }
  const places = urls.map((url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) }))
  const natMap = Object.fromEntries(
    [...detours].map(([from, to]) => [`127.0.0.1:${from}`, { host: '127.0.0.1', port: to }]),
  )
  if (kind === 'node by node-redis') return createClient({ url: urls[0] ?? '', name: connectionName, ...credentials })
  if (kind === 'node') return new Redis(urls[0] ?? '', options)
  if (kind === 'sentinel') return new Redis({ ...options, sentinels: places, name: SENTINEL_NAME, natMap })
  return new Cluster(places, { lazyConnect: true, natMap, redisOptions: { connectionName, ...credentials } })
}
