import { startPostgres } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { migrate, postgresRows } from '../src/index.ts'
import { claimOn, terms } from './database.ts'

// What it answers may still be in its memory alone.
const server = await startPostgres({ own: true, settings: { synchronous_commit: 'off', wal_writer_delay: '10s' } })
const pool = new pg.Pool({ connectionString: server.url })
pool.on('error', () => {})
await migrate(pool)

afterAll(async () => {
  await pool.end()
  await server.stop()
})

const MINUTE_MS = 60_000

describe('a server that forgets on a crash what it has just committed', () => {
  it('forgets an ordinary commit: this test can tell', async () => {
    await pool.query('create table notes (text text)')
    await pool.query('checkpoint')
    await pool.query(`insert into notes values ('soon forgotten')`)
    await server.kill()
    await server.restart()
    expect((await pool.query('select * from notes')).rows).toEqual([])
  })

  it('remembers grants, renewals and tokens', async () => {
    const backend = postgresRows({ pool })
    const claim = claimOn('kept')
    const grant = await backend.tryAcquire(claim, terms(MINUTE_MS))
    await server.kill()
    await server.restart()
    expect(await backend.tryAcquire(claimOn('kept'), terms(MINUTE_MS))).toMatchObject({ granted: false })
    await backend.renew([claim], 2 * MINUTE_MS)
    await server.kill()
    await server.restart()
    const kept = await backend.inspect?.('kept')
    expect(grant).toMatchObject({ granted: true, fencingToken: kept?.fencingToken })
    expect(kept?.remainingMs).toBeGreaterThan(MINUTE_MS)
    const next = await backend.tryAcquire(claimOn('other'), terms(MINUTE_MS))
    expect(next.granted && next.fencingToken > (kept?.fencingToken ?? 0n)).toBe(true)
  })
})
