import type { PGlite } from '@electric-sql/pglite'
import type { LockBackend } from '@leasehold/core'
import { postgresAdvisoryBackend, postgresRowsBackend } from '@leasehold/postgres'
import pg from 'pg'
import postgres from 'postgres'

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
  return ending(backend, () => pool.end())
}

/** The same by postgres.js. */
export function openPostgresJs({ poolUrl, listenUrl, name }: Addresses): LockBackend {
  const connection = { application_name: name }
  const sql = postgres(poolUrl, { connection, max: POOL_SIZE, onnotice() {} })
  const backend = postgresRowsBackend({
    // Without, each statement is two trips: the types of its values are asked for first.
    query: (text, values) => sql.unsafe(text, values as never[], { prepare: true }),
    listen: () => new pg.Client({ ...connection, connectionString: listenUrl }),
  })
  return ending(backend, () => sql.end({ timeout: 1 }))
}

/** In the process. */
export const openPglite = (database: PGlite): LockBackend =>
  postgresRowsBackend({
    query: async (text, values) => (await database.query<Record<string, unknown>>(text, values)).rows,
  })

/** With what it was given, which the backend leaves open. */
function ending(backend: LockBackend, endClient: () => Promise<void>): LockBackend {
  const end = async () => {
    await backend.close?.()
    await endClient()
  }
  let ended: Promise<void> | undefined
  return {
    ...backend,
    close() {
      ended ??= end()
      return ended
    },
  }
}

/** A client with sessions of its own. */
export const openAdvisory = (url: string, name: string): LockBackend =>
  postgresAdvisoryBackend({ connection: { connectionString: url, application_name: name } })
