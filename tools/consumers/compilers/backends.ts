import { createLocks } from '@leasehold/core'
import { etcdBackend } from '@leasehold/etcd'
import { migrate, postgresAdvisoryBackend, postgresRowsBackend, withTransactionLock } from '@leasehold/postgres'
import { fencedSet, redisBackend, redisQuorumBackend } from '@leasehold/redis'
import { Redis } from 'ioredis'
import { Client, Pool } from 'pg'
import { createClient } from 'redis'

export async function open(url: string): Promise<void> {
  const client = new Redis(url)
  createLocks(redisBackend({ client }))
  createLocks(redisBackend({ client: createClient({ url }) }))
  createLocks(redisQuorumBackend({ clients: [client, client, client] }))
  await fencedSet(client, 'key', 'value', BigInt(1), { ttlMs: undefined })
  const pool = new Pool({ connectionString: url })
  await migrate(pool, { schema: undefined })
  createLocks(
    postgresRowsBackend({ pool, listen: () => new Client(url), schema: undefined, statementTimeoutMs: undefined }),
  )
  createLocks(postgresAdvisoryBackend({ connection: url, schema: undefined, maxHeld: undefined }))
  await withTransactionLock(await pool.connect(), 'key', async (inside) => inside.query('select 1'), {
    waitMs: undefined,
  })
  const etcd = etcdBackend({ hosts: url, namespace: undefined, minTtlMs: undefined })
  const lease = await createLocks(etcd).named('key').acquire()
  const { key }: { key: Buffer } = etcd.fence(lease)
  key.toString()
}
