import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresAdvisoryBackend } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'
import { keys } from './many.ts'

const database = await openDatabase()
const { schema, url, pool } = database
afterAll(database.stop)

const MINUTE_MS = 60_000

/** Claims that hold their keys, and the names of the statements that are sent from then on. */
async function held(count: number, name: string) {
  const sent: string[] = []
  const connection = () => {
    const client = new pg.Client({ connectionString: url, pipeline: true })
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryResult>
    const noting = (statement: { name?: string }, ...rest: unknown[]) => {
      if (statement.name !== undefined) sent.push(statement.name.replace('leasehold_', ''))
      return query(statement, ...rest)
    }
    return Object.assign(client, { query: noting as never })
  }
  const backend = postgresAdvisoryBackend({ connection, schema })
  const claims = keys(count, name).map(claimOn)
  await Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms(MINUTE_MS))))
  sent.length = 0
  return { backend, claims, sent }
}

describe('a batch of advisory locks', () => {
  it('is released in one statement, answered claim by claim', async () => {
    const { backend, claims, sent } = await held(500, 'batch')
    const [first] = claims
    const answers = await backend.releaseAll?.([...claims, claimOn('batch 7')])
    expect(sent).toEqual(['unlock_many'])
    expect(answers).toEqual([...claims.map(() => true), false])
    expect(first && (await backend.releaseAll?.([first]))).toEqual([false])
    expect(await backend.tryAcquire(claimOn('batch 7'), terms(MINUTE_MS))).toMatchObject({ granted: true })
    await backend.close?.()
  })

  it('that is released wakes those who wait, where nobody polls', async () => {
    const { backend, claims } = await held(6, 'awaited')
    const locks = createLocks(postgresAdvisoryBackend({ connection: url, schema }), { pollMs: MINUTE_MS })
    const waiting = claims.slice(1).map(({ key }) => locks.named(key).acquire({ ttlMs: MINUTE_MS }))
    // Two stand in the server's line, the others are marked as present.
    await until('they wait', async () => {
      const { rowCount } = await pool.query(
        `select from pg_locks where locktype = 'advisory' and objsubid = 1 and (not granted or mode = 'ShareLock')
          and database = (select oid from pg_database where datname = current_database())`,
      )
      return (rowCount ?? 0) >= waiting.length
    })
    expect(await backend.releaseAll?.(claims)).toEqual(claims.map(() => true))
    await Promise.all(waiting)
    expect((await locks.close()).released).toBe(waiting.length)
    await backend.close?.()
  })
})
