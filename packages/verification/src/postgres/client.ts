import type { LockBackend } from '@leasehold/core'
import { postgresRows } from '@leasehold/postgres'
import pg from 'pg'

export const POOL_SIZE = 4

/** A client with a pool of its own, as another process would have, under the name by which the server knows its connections. */
export function openRows(connectionString: string, application_name: string): LockBackend {
  const settings = { connectionString, application_name, keepAlive: true }
  const pool = new pg.Pool({ ...settings, max: POOL_SIZE })
  // Connections that break while nobody uses them.
  pool.on('error', () => {})
  const backend = postgresRows({ pool, listen: () => new pg.Client(settings) })
  const end = async () => {
    await backend.close?.()
    await pool.end()
  }
  let ending: Promise<void> | undefined
  return {
    ...backend,
    close() {
      ending ??= end()
      return ending
    },
  }
}
