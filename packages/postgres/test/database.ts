import { randomBytes } from 'node:crypto'
import type { Claim } from '@leasehold/core'
import { type Server, startPostgres } from '@leasehold/test-services'
import pg from 'pg'
import { migrate } from '../src/index.ts'

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

/** A schema of its own in a real Postgres. */
export async function openDatabase(): Promise<Database> {
  const server = await startPostgres()
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
      await pool.query(`drop schema if exists ${schema} cascade`)
      await Promise.all(pools.map((each) => each.end()))
      await server.stop()
    },
  }
}

export const claimOn = (key: string): Claim => ({ key, holder: randomBytes(16).toString('hex') })
export const terms = (ttlMs: number) => ({ ttlMs, metadata: undefined })
