import type { Clock, LockBackend } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'
import { etcdBackend } from '@leasehold/etcd'
import { migrate, postgresRows } from '@leasehold/postgres'
import { redis, redisQuorum } from '@leasehold/redis'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { LockAddress } from './lock-address.ts'

/** A backend with a client of its own. `close` ends both. No lease will be longer than `ttlMs`. The clock is the one that `createLocks` is given. */
export async function openBackend(address: LockAddress, ttlMs: number, clock?: Clock): Promise<LockBackend> {
  switch (address.kind) {
    case 'memory':
      return memoryBackend(clock && { clock })
    case 'redis':
      return redis({ client: redisClient(address.url), clock })
    case 'redis-quorum':
      return redisQuorum({ clients: address.urls.map(redisClient), durable: address.durable, maxTtlMs: ttlMs, clock })
    case 'etcd':
      return etcdBackend({ hosts: address.urls.map((url) => url.replace(/^etcd/, 'http')), clock })
    case 'postgres':
      return openRows(address.url)
  }
}

/** The backend works on duplicates: this one never connects. */
const redisClient = (url: string): Redis => new Redis(url, { lazyConnect: true })

async function openRows(connectionString: string): Promise<LockBackend> {
  const settings = { connectionString, keepAlive: true }
  const pool = new pg.Pool(settings)
  pool.on('error', () => {})
  await migrate(pool)
  const rows = postgresRows({ pool, listen: () => new pg.Client(settings) })
  return {
    ...rows,
    async close() {
      await rows.close?.()
      await pool.end()
    },
  }
}
