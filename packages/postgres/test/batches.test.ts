import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresRowsBackend } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'
import { counting, keys } from './many.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000

/** Claims that hold their keys, and what counts the statements from then on. */
async function held(count: number, name: string) {
  const { counter, counted } = counting(pool)
  const backend = postgresRowsBackend({ pool: counter, schema })
  const claims = keys(count, name).map(claimOn)
  await backend.tryAcquireAll?.(claims, terms(MINUTE_MS))
  counted.statements = 0
  return { backend, claims, counted }
}

describe('a batch of lease rows', () => {
  it('is renewed in one statement, each row for a TTL of its own', async () => {
    const { backend, claims, counted } = await held(500, 'TTLs')
    const renewals = claims.map((claim, index) => ({ ...claim, ttlMs: (index + 2) * MINUTE_MS }))
    const answers = await backend.renew(renewals)
    expect(counted.statements).toBe(1)
    expect(answers).toEqual(renewals.map(({ ttlMs }) => expect.objectContaining({ granted: true, ttlMs })))
    const [{ remainingMs = 0 } = {}] = (await backend.inspect?.('TTLs 499')) ?? []
    expect(remainingMs).toBeGreaterThan(500 * MINUTE_MS)
  })

  it('is released in one statement, in whatever order', async () => {
    const { backend, claims, counted } = await held(500, 'releases')
    const stranger = claimOn('releases 7')
    const answers = await backend.releaseAll?.([...claims.toReversed(), stranger])
    expect(counted.statements).toBe(1)
    expect(answers).toEqual([...claims.map(() => true), false])
    expect(await backend.tryAcquire(stranger, terms(MINUTE_MS))).toMatchObject({ granted: true })
  })

  it('that is released wakes those who wait, where nobody polls', async () => {
    const { backend, claims } = await held(3, 'awaited')
    const listen = () => new pg.Client({ connectionString: url })
    const locks = createLocks(postgresRowsBackend({ pool, schema, listen }), { pollMs: MINUTE_MS })
    const waiting = claims.slice(1).map(({ key }) => locks.named(key).acquire())
    await until('they wait', async () => {
      const { rowCount } = await pool.query(`select from ${schema}.lease_line`)
      return rowCount === waiting.length
    })
    expect(await backend.releaseAll?.(claims)).toEqual([true, true, true])
    await Promise.all(waiting)
    expect((await locks.close()).released).toBe(2)
  })
})
