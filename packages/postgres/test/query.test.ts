import { allOf, createLocks } from '@leasehold/core'
import { afterAll, describe, expect, it } from 'vitest'
import { type PostgresQuery, postgresRowsBackend, prune } from '../src/index.ts'
import { QueryStatements } from '../src/query-statements.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema } = database
afterAll(database.stop)

const query: PostgresQuery = async (text, values) => (await pool.query(text, values)).rows

describe('lease rows through a function', () => {
  it('are granted, renewed, shown and given back', async () => {
    const locks = createLocks(postgresRowsBackend({ query, schema }))
    const lease = await locks.named('a').acquire({ metadata: { job: 1 } })
    await lease.renew()
    expect(await locks.named('a').inspect()).toMatchObject([{ fencingToken: lease.fencingToken, metadata: { job: 1 } }])
    expect(await lease.release()).toBe('released')
    await allOf(locks, ['a', 'b']).run(() => {})
    expect(
      await prune({ query: async (text, values = []) => ({ rows: [...(await query(text, values))] }) }, { schema }),
    ).toBe(2)
    await locks.close()
  })

  it('have a limit of time, and end with the locks', async () => {
    const silent = postgresRowsBackend({ query: () => new Promise(() => {}), schema, statementTimeoutMs: 20 })
    await expect(silent.tryAcquire(claimOn('a'), terms(1))).rejects.toThrow('no answer from Postgres within 20 ms')
    const open = postgresRowsBackend({ query: () => new Promise(() => {}), schema })
    const attempt = expect(open.tryAcquire(claimOn('a'), terms(1))).rejects.toThrow('these locks were closed')
    await open.close?.()
    await attempt
  })

  it('ask again for what the server has rolled back, and for nothing else', async () => {
    const asked: string[] = []
    const failing = (code: string, times: number) =>
      new QueryStatements(async (text) => {
        asked.push(text)
        if (asked.length <= times) throw Object.assign(new Error('no'), { code })
        return [{ value: 1 }]
      }, 60_000).run('select', [])
    expect(await failing('40001', 2)).toEqual([{ value: 1 }])
    expect(asked.splice(0)).toHaveLength(3)
    await expect(failing('08006', 1)).rejects.toMatchObject({ code: '08006' })
    expect(asked.splice(0)).toHaveLength(1)
    await expect(failing('40P01', 100)).rejects.toMatchObject({ code: '40P01' })
    expect(asked).toHaveLength(5)
  })

  it('are told what is wrong with it', async () => {
    for (const [options, why] of [
      [{ query, pool }, 'pool and query: give one of them'],
      [{ query: pool }, 'query must be a function'],
      [{}, 'pool must be'],
    ] as const) {
      expect(() => postgresRowsBackend(options as never)).toThrow(TypeError)
      expect(() => postgresRowsBackend(options as never)).toThrow(why)
    }
    const whole = postgresRowsBackend({ query, schema: 'nowhere' })
    await expect(whole.inspect?.('a')).rejects.toThrow('the schema "nowhere" is missing')
    const notRows = postgresRowsBackend({ query: (() => pool.query('select 1')) as never, schema })
    await expect(notRows.inspect?.('a')).rejects.toThrow('query must resolve with the rows, as an array')
    expect(notRows.classifyError?.(await notRows.inspect?.('a').catch((error: unknown) => error))).toBe('refused')
  })
})
