import { randomBytes } from 'node:crypto'
import type { Claim } from '@leasehold/core'
import { type Server, startPostgres, until } from '@leasehold/test-services'
import pg from 'pg'
import { migrate } from '../src/index.ts'

const DEADLOCK_DETECTED = '40P01'

export interface Database {
  readonly server: Server
  readonly url: string
  /** A name that nobody else uses. */
  readonly schema: string
  readonly pool: pg.Pool
  /** More connections; ended with the database. */
  openPool(settings?: pg.PoolConfig): pg.Pool
  stop(): Promise<void>
}

let shared: Promise<Server> | undefined

/** One for all test files of a process, with which it ends: nobody may restart it, and everybody keeps to schemas of his own. */
export function sharedPostgres(): Promise<Server> {
  shared ??= startPostgres()
  return shared
}

/** A schema of its own in a real Postgres. */
export async function openDatabase(): Promise<Database> {
  const server = await sharedPostgres()
  const pools: pg.Pool[] = []
  const openPool = (settings: pg.PoolConfig = {}) => {
    const pool = new pg.Pool({ connectionString: server.url, ...settings })
    pool.on('error', () => {})
    pools.push(pool)
    return pool
  }
  const pool = openPool({ max: 40 })
  const schema = `test_${randomBytes(6).toString('hex')}`
  await migrate(pool, { schema })
  return {
    server,
    url: server.url,
    schema,
    pool,
    openPool,
    async stop() {
      // The server may still be at statements that were given up. Where they and the drop wait for each other, one of them fails.
      await until('the schema is dropped', () => isDropped(pool, schema))
      await Promise.all(pools.map((each) => each.end()))
    },
  }
}

/** For a server that a test file has to itself: the schema under its own name, and a pool that bears that the server ends. `stop` ends both. */
export async function openOwn(server: Server, settings: pg.PoolConfig = {}) {
  const pool = new pg.Pool({ connectionString: server.url, ...settings })
  pool.on('error', () => {})
  // Also as the server stops, when the pool has let go of them.
  pool.on('connect', (client) => client.on('error', () => {}))
  await migrate(pool)
  const stop = async () => {
    await pool.end()
    await server.stop()
  }
  return { pool, stop }
}

async function isDropped(pool: pg.Pool, schema: string): Promise<boolean> {
  try {
    await pool.query(`drop schema if exists ${schema} cascade`)
    return true
  } catch (error) {
    if ((error as { code?: string }).code !== DEADLOCK_DETECTED) throw error
    return false
  }
}

export const claimOn = (key: string): Claim => ({ key, holder: randomBytes(16).toString('hex') })
export const terms = (ttlMs: number) => ({ ttlMs, metadata: undefined })
