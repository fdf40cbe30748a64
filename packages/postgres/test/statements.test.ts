import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { type PostgresPool, postgresRowsBackend } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, openPool } = database
afterAll(database.stop)

const blockedOn = async (table: string): Promise<number> => {
  const { rows } = await pool.query(`select 1 from pg_locks where relation = $1::regclass and not granted`, [table])
  return rows.length
}

describe('a statement without an answer', () => {
  it('costs its connection, so that the pool is not used up', async () => {
    const small = openPool({ max: 1 })
    const backend = postgresRowsBackend({ pool: small, schema, statementTimeoutMs: 50 })
    const blocker = await pool.connect()
    await blocker.query(`begin; lock table ${schema}.leases`)
    await expect(backend.tryAcquire(claimOn('a'), terms(1000))).rejects.toThrow('no answer from Postgres within 50 ms')
    await until('the connection is gone', () => small.totalCount === 0)
    await blocker.query('rollback')
    blocker.release()
    await until(
      'it works again',
      async () => (await backend.tryAcquire(claimOn('b'), terms(1000)).catch(() => undefined))?.granted === true,
    )
  })

  it('is not sent any more when the pool has a client too late', async () => {
    const small = openPool({ max: 1 })
    const only = await small.connect()
    const backend = postgresRowsBackend({ pool: small, schema, statementTimeoutMs: 20 })
    const claim = claimOn('late')
    await expect(backend.tryAcquire(claim, terms(60_000))).rejects.toThrow('no answer')
    only.release()
    expect(await postgresRowsBackend({ pool: small, schema }).inspect?.('late')).toEqual([])
    expect([small.totalCount, small.idleCount]).toEqual([1, 1])
  })

  it('is given up by close', async () => {
    const backend = postgresRowsBackend({ pool, schema })
    const blocker = await pool.connect()
    await blocker.query(`begin; lock table ${schema}.leases`)
    const attempt = backend.tryAcquire(claimOn('closed'), terms(1000))
    const failure = attempt.catch((error: Error) => error.message)
    await until('it is blocked', async () => (await blockedOn(`${schema}.leases`)) > 0)
    await backend.close?.()
    expect(await failure).toBe('these locks were closed')
    await blocker.query('rollback')
    blocker.release()
  })
})

describe('options', () => {
  it('are checked before anything is sent', () => {
    for (const statementTimeoutMs of [0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect(() => postgresRowsBackend({ pool, statementTimeoutMs })).toThrow(RangeError)
    }
    for (const wrong of [undefined, null, {}]) {
      expect(() => postgresRowsBackend({ pool: wrong as unknown as PostgresPool })).toThrow(TypeError)
    }
  })
})
