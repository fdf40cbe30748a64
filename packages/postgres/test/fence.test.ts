import { isLeaseholdError } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import type pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { fence } from '../src/index.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema } = database
await pool.query(`create table ${schema}.seats (name text primary key, buyer text)`)
afterAll(database.stop)

const options = { schema }

async function inTransaction<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect()
  await client.query('begin')
  try {
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

const sell = (client: pg.PoolClient, name: string, buyer: string) =>
  client.query(`insert into ${schema}.seats values ($1, $2) on conflict (name) do update set buyer = excluded.buyer`, [
    name,
    buyer,
  ])

const buyerOf = async (name: string): Promise<unknown> =>
  (await pool.query(`select buyer from ${schema}.seats where name = $1`, [name])).rows[0]?.buyer

const waitsForALock = async (client: pg.PoolClient & { processID?: number }): Promise<boolean> => {
  const { rows } = await pool.query(`select 1 from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'`, [
    client.processID,
  ])
  return rows.length > 0
}

describe('the fence guard', () => {
  it('lets a newer token and the same one pass, and refuses an older one together with its write', async () => {
    const write = (token: bigint, buyer: string) =>
      inTransaction(async (client) => {
        await sell(client, 'A1', buyer)
        await fence(client, 'A1', token, options)
      })
    await write(2n ** 62n, 'first')
    await write(2n ** 62n, 'second')
    await write(2n ** 62n + 1n, 'third')
    const refusal = await write(2n ** 62n, 'late').catch((error: unknown) => error)
    expect(isLeaseholdError(refusal, 'STALE_TOKEN')).toBe(true)
    expect(await buyerOf('A1')).toBe('third')
  })

  it('lets a newer token wait for an older write under way', async () => {
    const order: string[] = []
    const newer = await pool.connect()
    await newer.query('begin')
    let later: Promise<unknown> | undefined
    await inTransaction(async (older) => {
      await fence(older, 'A2', 1n, options)
      later = fence(newer, 'A2', 2n, options).then(() => order.push('newer'))
      await until('the newer one waits', () => waitsForALock(newer))
      await sell(older, 'A2', 'older')
      order.push('older')
    })
    await later
    await sell(newer, 'A2', 'newer')
    await newer.query('commit')
    newer.release()
    expect(order).toEqual(['older', 'newer'])
    expect(await buyerOf('A2')).toBe('newer')
  })

  it('refuses an older token that waited for a newer write', async () => {
    const older = await pool.connect()
    await older.query('begin')
    let late: Promise<unknown> | undefined
    await inTransaction(async (newer) => {
      await fence(newer, 'A3', 2n, options)
      late = fence(older, 'A3', 1n, options).catch((error: unknown) => error)
      await until('the older one waits', () => waitsForALock(older))
    })
    expect(isLeaseholdError(await late, 'STALE_TOKEN')).toBe(true)
    await older.query('rollback')
    older.release()
  })

  it('forgets the token of a write that was rolled back', async () => {
    const undone = inTransaction(async (client) => {
      await fence(client, 'A4', 9n, options)
      throw new Error('changed my mind')
    })
    await expect(undone).rejects.toThrow('changed my mind')
    await inTransaction((client) => fence(client, 'A4', 8n, options))
    expect(await buyerOf('A4')).toBeUndefined()
  })

  it('tells what to do where the schema is missing, and takes bigints alone', async () => {
    await expect(inTransaction((client) => fence(client, 'A5', 1n, { schema: 'nowhere' }))).rejects.toThrow(/migrate/)
    const number = 1 as unknown as bigint
    await expect(fence(await pool.connect().then(returned), 'A5', number, options)).rejects.toThrow(TypeError)
  })
})

function returned(client: pg.PoolClient): pg.PoolClient {
  client.release()
  return client
}
