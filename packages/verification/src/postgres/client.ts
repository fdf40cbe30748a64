import type { LockBackend } from '@leasehold/core'
import { postgresAdvisoryBackend, postgresRowsBackend } from '@leasehold/postgres'
import pg from 'pg'

export const POOL_SIZE = 4

interface Addresses {
  readonly poolUrl: string
  /** Straight to the server. */
  readonly listenUrl: string
  /** By which the server knows the connections. */
  readonly name: string
}

/** A client with a pool of its own, as another process would have. */
export function openRows({ poolUrl, listenUrl, name }: Addresses): LockBackend {
  const settings = { application_name: name, keepAlive: true }
  const pool = new pg.Pool({ ...settings, connectionString: poolUrl, max: POOL_SIZE })
  // Connections that break while nobody uses them.
  pool.on('error', () => {})
  const backend = postgresRowsBackend({
    pool,
    listen: () => new pg.Client({ ...settings, connectionString: listenUrl }),
  })
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

/** A client with sessions of its own. */
export const openAdvisory = (url: string, name: string): LockBackend =>
  postgresAdvisoryBackend({ connection: { connectionString: url, application_name: name } })
