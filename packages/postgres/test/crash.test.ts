import { startPostgres, until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresAdvisoryBackend, postgresRowsBackend } from '../src/index.ts'
import { claimOn, openOwn, terms } from './database.ts'

// What it answers may still be in its memory alone.
const server = await startPostgres({ own: true, settings: { synchronous_commit: 'off', wal_writer_delay: '10s' } })
const { pool, stop } = await openOwn(server)
await pool.query('checkpoint')
afterAll(stop)

const MINUTE_MS = 60_000

describe('a server that forgets on a crash what it has just committed', () => {
  it('forgets an ordinary commit: this test can tell', async () => {
    await pool.query('create table notes (text text)')
    /** Unless the writer of the log came by before the crash, as it does every ten seconds. */
    const forgets = async () => {
      await pool.query('truncate notes')
      await pool.query('checkpoint')
      await pool.query(`insert into notes values ('soon forgotten')`)
      await server.kill()
      await server.restart()
      return (await pool.query('select * from notes')).rows.length === 0
    }
    await until('a commit is forgotten', forgets)
  })

  it('remembers grants, renewals and tokens', async () => {
    const backend = postgresRowsBackend({ pool })
    const claim = claimOn('kept')
    const grant = await backend.tryAcquire(claim, terms(MINUTE_MS))
    await server.kill()
    await server.restart()
    expect(await backend.tryAcquire(claimOn('kept'), terms(MINUTE_MS))).toMatchObject({ granted: false })
    await backend.renew([{ ...claim, ttlMs: 2 * MINUTE_MS }])
    await server.kill()
    await server.restart()
    const [kept] = (await backend.inspect?.('kept')) ?? []
    expect(grant).toMatchObject({ granted: true, fencingToken: kept?.fencingToken })
    expect(kept?.remainingMs).toBeGreaterThan(MINUTE_MS)
    const next = await backend.tryAcquire(claimOn('other'), terms(MINUTE_MS))
    expect(next.granted && next.fencingToken > (kept?.fencingToken ?? 0n)).toBe(true)
  })

  it('remembers what a release has granted to who was next, when he is told', async () => {
    const holder = postgresRowsBackend({ pool })
    const waiter = postgresRowsBackend({ pool, listen: () => new pg.Client(server.url) })
    const [held, next] = [claimOn('granted on'), claimOn('granted on')]
    await holder.tryAcquire(held, terms(MINUTE_MS))
    const turn = waiter.waitForTurn?.(next, terms(MINUTE_MS), new AbortController().signal)
    const stands = `select from leasehold.lease_line where key = 'granted on'`
    await until('it stands in line', async () => (await pool.query(stands)).rowCount === 1)
    await holder.release(held)
    const grant = await turn
    await server.kill()
    await server.restart()
    const { rows } = await pool.query(`select holder, token from leasehold.leases where key = 'granted on'`)
    expect(rows).toEqual([{ holder: next.holder, token: String(grant?.fencingToken) }])
    await waiter.close?.()
  })

  it('gives out no token of an advisory lock twice', async () => {
    let greatest = 0n
    for (const round of [1, 2, 3]) {
      const backend = postgresAdvisoryBackend({ connection: server.url })
      for (let turn = 0; turn < 40; turn += 1) {
        const claim = claimOn(`crash ${round}`)
        const answer = await backend.tryAcquire(claim, terms(MINUTE_MS))
        const token = answer.granted ? answer.fencingToken : 0n
        expect(token).toBeGreaterThan(greatest)
        greatest = token
        await backend.release(claim)
      }
      await server.kill()
      await backend.close?.()
      await server.restart()
    }
  })
})
