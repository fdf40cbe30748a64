import type { LockBackend } from '@leasehold/core'
import { redisQuorumBackend } from '@leasehold/redis'
import { Redis } from 'ioredis'

/** A client of its own, as another process would have, under the name by which the servers know its connections. */
export function openQuorum(
  urls: readonly string[],
  connectionName: string,
  credentials: { readonly username?: string; readonly password?: string } = {},
): LockBackend {
  // Never connected: the backend works on duplicates.
  const clients = urls.map((url) => new Redis(url, { connectionName, lazyConnect: true, ...credentials }))
  return redisQuorumBackend({ clients, durable: true })
}
