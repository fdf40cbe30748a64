import type { LockBackend } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'
import { etcdBackend } from '@leasehold/etcd'
import { migrate, postgresRows } from '@leasehold/postgres'
import { redis } from '@leasehold/redis'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { LockAddress } from './lock-address.ts'

/** A backend with a client of its own. `close` ends both. */
export async function openBackend(address: LockAddress): Promise<LockBackend> {
  switch (address.kind) {
    case 'memory':
      return memoryBackend()
    case 'redis':
      // The backend works on duplicates: this one never connects.
      return redis({ client: new Redis(address.url, { lazyConnect: true }) })
    case 'etcd':
      return etcdBackend({ hosts: address.urls.map((url) => url.replace(/^etcd/, 'http')) })
    case 'postgres':
      return openRows(address.url)
  }
}

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
