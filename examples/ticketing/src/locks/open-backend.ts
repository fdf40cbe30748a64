import type { LockBackend } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'
import type { LockAddress } from './lock-address.ts'

/**
 * A backend with a client of its own. `close` ends both. No lease will be longer than `ttlMs`.
 * Drivers are loaded where they are asked for: nobody waits for those of the others.
 */
export async function openBackend(address: LockAddress, ttlMs: number): Promise<LockBackend> {
  switch (address.kind) {
    case 'memory':
      return memoryBackend()
    case 'redis': {
      const { redisBackend } = await import('@leasehold/redis')
      return redisBackend({ client: await redisClient(address.url) })
    }
    case 'redis-quorum': {
      const { redisQuorumBackend } = await import('@leasehold/redis')
      const clients = await Promise.all(address.urls.map(redisClient))
      return redisQuorumBackend({ clients, durable: address.durable, maxTtlMs: ttlMs })
    }
    case 'etcd': {
      const { etcdBackend } = await import('@leasehold/etcd')
      return etcdBackend({ hosts: address.urls.map((url) => url.replace(/^etcd/, 'http')) })
    }
    case 'postgres':
      return openRows(address.url)
  }
}

/** The backend works on duplicates: this one never connects. */
async function redisClient(url: string) {
  const { Redis } = await import('ioredis')
  return new Redis(url, { lazyConnect: true })
}

async function openRows(connectionString: string): Promise<LockBackend> {
  const [{ migrate, postgresRowsBackend }, { default: pg }] = await Promise.all([
    import('@leasehold/postgres'),
    import('pg'),
  ])
  const settings = { connectionString, keepAlive: true }
  const pool = new pg.Pool(settings)
  pool.on('error', () => {})
  await migrate(pool)
  const rows = postgresRowsBackend({ pool, listen: () => new pg.Client(settings) })
  return {
    ...rows,
    async close() {
      await rows.close?.()
      await pool.end()
    },
  }
}
