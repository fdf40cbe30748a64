import { startPostgres, until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { type PostgresQuery, postgresRowsBackend } from '../src/index.ts'
import { claimOn, openOwn, terms } from './database.ts'

// A commit that is to be safe on a standby waits for ever.
const server = await startPostgres({
  own: true,
  settings: { synchronous_standby_names: 'nobody', synchronous_commit: 'local' },
})
const { pool, stop } = await openOwn(server)
afterAll(stop)

const MINUTE_MS = 60_000
const listen = () => new pg.Client(server.url)

/** In a transaction that the library has begun. */
const inTransaction: PostgresQuery = async (text, values) => {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { rows } = await client.query(text, values)
    await client.query('commit')
    return rows
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

describe('what a release has granted', () => {
  it('is on disk while somebody else, who notifies, keeps all others from notifying', async () => {
    const backend = postgresRowsBackend({ pool, listen })
    const [held, alsoHeld] = [claimOn('one'), claimOn('other')]
    const next = [claimOn('one'), claimOn('other')]
    await backend.tryAcquireAll?.([held, alsoHeld], terms(MINUTE_MS))
    const { signal } = new AbortController()
    const turns = next.map((claim) => backend.waitForTurn?.(claim, terms(MINUTE_MS), signal))
    const standing = async () => (await pool.query('select from leasehold.lease_line')).rowCount
    await until('both stand in line', async () => (await standing()) === 2)
    const other = new pg.Client(server.url)
    other.on('error', () => {})
    await other.connect()
    const { rows } = await other.query('select pg_backend_pid() as pid')
    await other.query('set synchronous_commit = on')
    await other.query(`begin; select leasehold.fence('it writes', 1); notify somebody`)
    const notified = other.query('commit')
    const waits = `select from pg_stat_activity where pid = $1 and wait_event = 'SyncRep'`
    await until('it waits for a standby', async () => (await pool.query(waits, [rows[0].pid])).rowCount === 1)
    const released = Promise.all([backend.release(held), backend.release(alsoHeld)])
    const granted = `select from leasehold.leases where holder = any ($1)`
    const holders = next.map(({ holder }) => holder)
    await until('both are granted', async () => (await pool.query(granted, [holders])).rowCount === 2)
    await pool.query('select pg_cancel_backend($1)', [rows[0].pid])
    await notified
    expect(await released).toEqual([true, true])
    await Promise.all(turns)
    await Promise.all([other.end(), backend.close?.()])
  })

  it('is told at the commit, where somebody has begun a transaction', async () => {
    const holder = postgresRowsBackend({ query: inTransaction })
    const waiter = postgresRowsBackend({ pool, listen })
    for (const key of ['first', 'second']) {
      const [held, next] = [claimOn(key), claimOn(key)]
      await holder.tryAcquire(held, terms(MINUTE_MS))
      const turn = waiter.waitForTurn?.(next, terms(MINUTE_MS), new AbortController().signal)
      const stands = async () => (await pool.query('select from leasehold.lease_line where key = $1', [key])).rowCount
      await until('it stands in line', async () => (await stands()) === 1)
      expect(await holder.release(held)).toBe(true)
      expect(await turn).toMatchObject({ granted: true, ttlMs: 1500 })
    }
    await waiter.close?.()
  })
})
