import { isLeaseholdError } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import type pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { type TransactionLockOptions, withTransactionLock } from '../src/index.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema } = database
await pool.query(`create table ${schema}.notes (text text)`)
afterAll(database.stop)

async function locked<Result>(
  key: string,
  work: (client: pg.PoolClient) => Promise<Result>,
  options?: TransactionLockOptions,
  from = pool,
): Promise<Result> {
  const client = await from.connect()
  try {
    return await withTransactionLock(client, key, work, options)
  } finally {
    client.release()
  }
}

const note = (text: string) => (client: pg.PoolClient) =>
  client.query(`insert into ${schema}.notes values ($1)`, [text])

const noted = async (text: string): Promise<boolean> =>
  (await pool.query(`select 1 from ${schema}.notes where text = $1`, [text])).rows.length > 0

const isAwaited = async (): Promise<boolean> =>
  (await pool.query(`select 1 from pg_locks where locktype = 'advisory' and not granted`)).rows.length > 0

describe('a lock of a transaction', () => {
  it('commits the work, returns its result and frees the key', async () => {
    const count = await locked('a', async (client) => (await note('kept')(client)).rowCount)
    expect(count).toBe(1)
    expect(await noted('kept')).toBe(true)
    expect(await locked('a', async () => 'again')).toBe('again')
  })

  it('rolls back work that throws, lets the error through and frees the key', async () => {
    const failing = locked('b', async (client) => {
      await note('undone')(client)
      throw new Error('of the work')
    })
    await expect(failing).rejects.toThrow('of the work')
    expect(await noted('undone')).toBe(false)
    expect(await locked('b', async () => 'again')).toBe('again')
  })

  it('refuses at once, or after the wait, while somebody else holds it', async () => {
    await locked('c', async () => {
      for (const options of [{}, { waitMs: 1 }]) {
        const refusal = await locked('c', note('never'), options).catch((error: unknown) => error)
        expect(isLeaseholdError(refusal, 'ACQUIRE_TIMEOUT')).toBe(true)
      }
      expect(await locked('another', async () => 'free')).toBe('free')
    })
    expect(await noted('never')).toBe(false)
  })

  it('waits until the holder is done, and leaves the time limit of other locks alone', async () => {
    let waiting: Promise<unknown> | undefined
    await locked('d', async () => {
      waiting = locked('d', (client) => client.query('show lock_timeout'), { waitMs: 60_000 })
      await until('it waits', isAwaited)
    })
    expect(await waiting).toMatchObject({ rows: [{ lock_timeout: '0' }] })
  })

  it('lets the work see what the holder before has written, whatever isolation is the default', async () => {
    const strict = database.openPool({ options: '-c default_transaction_isolation=repeatable\\ read' })
    const count = async (client: pg.PoolClient) =>
      (await client.query(`select from ${schema}.notes where text = 'just written'`)).rowCount
    let waiting: Promise<unknown> | undefined
    await locked('g', async (holder) => {
      waiting = locked('g', count, { waitMs: 60_000 }, strict)
      await until('it waits', isAwaited)
      await note('just written')(holder)
    })
    expect(await waiting).toBe(1)
  })

  it('does not take work for done that the server rolled back, since a statement of it had failed', async () => {
    const work = locked('h', async (client) => {
      await note('swallowed')(client)
      await client.query('nonsense').catch(() => {})
    })
    await expect(work).rejects.toThrow('rolled back')
    expect(await noted('swallowed')).toBe(false)
  })

  it('refuses a client that is in a transaction: its end is not for the lock to decide', async () => {
    const client = await pool.connect()
    await client.query('begin')
    await expect(withTransactionLock(client, 'e', note('never'))).rejects.toThrow('in a transaction already')
    await client.query('rollback')
    client.release()
  })

  it('leaves no transaction open, whatever happens', async () => {
    const client = await pool.connect()
    await withTransactionLock(client, 'f', note('done'))
    expect(client.getTransactionStatus()).toBe('I')
    await withTransactionLock(client, 'f', () => client.query('nonsense')).catch(() => {})
    expect(client.getTransactionStatus()).toBe('I')
    client.release()
  })

  it('checks key and time before anything is sent', async () => {
    await expect(locked('', note('never'))).rejects.toThrow(TypeError)
    for (const waitMs of [-1, 0.5, Number.NaN, 2 ** 31]) {
      await expect(locked('f', note('never'), { waitMs })).rejects.toThrow(RangeError)
    }
  })
})
