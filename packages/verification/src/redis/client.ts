import { type Clock, type LockBackend, systemClock } from '@leasehold/core'
import { redis } from '@leasehold/redis'
import { Redis } from 'ioredis'

/** A client of its own, as another process would have, under the name by which the server knows its connections. */
export function openRedis(url: string, connectionName: string, clock: Clock = systemClock): LockBackend {
  // Never connected: the backend works on duplicates.
  return redis({ client: new Redis(url, { connectionName, lazyConnect: true }), clock })
}
