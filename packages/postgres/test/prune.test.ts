import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresRowsBackend, prune } from '../src/index.ts'
import { PRUNED_AT_ONCE } from '../src/sql/prune-sql.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema } = database
afterAll(database.stop)

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** What was asked for, one after another. */
function noting() {
  const answers: unknown[] = []
  const client = {
    async query(text: string, values?: unknown[]) {
      const result = await pool.query(text, values)
      answers.push(...result.rows)
      return result
    },
  }
  return { client, answers }
}

const remaining = async (prefix: string): Promise<number> => {
  const { rows } = await pool.query(`select count(*)::int as n from ${schema}.leases where starts_with(key, $1)`, [
    prefix,
  ])
  return rows[0].n
}

describe('pruning', () => {
  it('looks at so many rows in one statement, and at no row twice', async () => {
    const many = 2 * PRUNED_AT_ONCE + 10
    await pool.query(`insert into ${schema}.leases (key) select 'many ' || n from generate_series(1, $1) n`, [many])
    const backend = postgresRowsBackend({ pool, schema })
    await backend.tryAcquire(claimOn('many 500'), terms(MINUTE_MS))
    await pool.query(
      `insert into ${schema}.lease_forced
      select 'forced ' || n, 'x', 'long ago', 'epoch' from generate_series(1, $1) n`,
      [many],
    )
    const { client, answers } = noting()
    expect(await prune(client, { schema })).toBe(many - 1)
    // Three for the keys, and three for what was forced.
    expect(answers).toHaveLength(6)
    for (const row of answers) expect(Number((row as { deleted: string }).deleted)).toBeLessThanOrEqual(PRUNED_AT_ONCE)
    expect(await remaining('many ')).toBe(1)
    expect((await pool.query(`select from ${schema}.lease_forced`)).rowCount).toBe(0)
  })

  it('spares rows of keys that were free for less than it is told', async () => {
    const backend = postgresRowsBackend({ pool, schema })
    const [released, batched, forced, expired, parted] = [
      claimOn('old released'),
      claimOn('old batched'),
      claimOn('old forced'),
      claimOn('old expired'),
      { ...claimOn('old parted'), share: { kind: 'shared' as const } },
    ]
    for (const claim of [released, batched, forced, parted]) await backend.tryAcquire(claim, terms(MINUTE_MS))
    await backend.tryAcquire(expired, terms(1))
    await backend.release(released)
    await backend.releaseAll?.([batched])
    await backend.forceRelease?.('old forced', 'a test')
    await backend.release(parted)
    await until('it has expired', async () => (await backend.inspect?.('old expired'))?.length === 0)
    await pool.query(`insert into ${schema}.leases (key) values ('old never held')`)
    expect(await prune(pool, { schema, olderThanMs: HOUR_MS })).toBe(1)
    expect(await remaining('old ')).toBe(5)
    await pool.query(`update ${schema}.leases
      set freed_at = freed_at - interval '61 minutes', expires_at = expires_at - interval '61 minutes'
      where key in ('old released', 'old expired')`)
    expect(await prune(pool, { schema, olderThanMs: HOUR_MS })).toBe(2)
    expect(await prune(pool, { schema })).toBe(3)
  })

  it('in one statement, as packages of the version before ask, does the same', async () => {
    await pool.query(`insert into ${schema}.leases (key) select 'before ' || n from generate_series(1, 1500) n`)
    const { rows } = await pool.query(`select ${schema}.prune()::int as deleted`)
    expect(rows).toEqual([{ deleted: 1500 }])
  })

  it('refuses a time that is none, before anything is sent', async () => {
    for (const olderThanMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1' as never]) {
      await expect(prune({} as never, { schema, olderThanMs })).rejects.toThrow(RangeError)
    }
  })
})
