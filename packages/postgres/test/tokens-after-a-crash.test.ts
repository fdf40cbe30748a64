import { createLocks } from '@leasehold/core'
import { startPostgresWithDisk, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresAdvisoryBackend } from '../src/index.ts'
import { claimOn, openOwn, terms } from './database.ts'

const SESSIONS = 60

// Nobody else writes to the disk.
const settings = {
  max_connections: SESSIONS + 20,
  wal_writer_delay: '10s',
  autovacuum: 'off',
  bgwriter_lru_maxpages: 0,
}
const server = await startPostgresWithDisk({ settings })
const { pool, stop } = await openOwn(server, { max: 1 })
afterAll(stop)

const open = () => postgresAdvisoryBackend({ connection: server.url })
const TERMS = terms(60_000)

describe('tokens of advisory locks', () => {
  it('do not go back in a crash of the server while all sessions wait for its disk', async () => {
    const backends = Array.from({ length: SESSIONS }, open)
    let [highest, drawn] = [0n, 0]
    const draw = async (backend: (typeof backends)[number], key: string) => {
      const claim = claimOn(key)
      const grant = await backend.tryAcquire(claim, TERMS)
      if (!grant.granted) throw new Error('nobody else wants it')
      if (grant.fencingToken > highest) highest = grant.fencingToken
      drawn += 1
      await backend.release(claim)
    }
    await Promise.all(backends.map((backend, index) => draw(backend, `warm ${index}`)))
    await server.stallDisk(true)
    drawn = 0
    for (const [index, backend] of backends.entries()) {
      const drawOn = async (): Promise<void> => {
        await draw(backend, `key ${index}`)
        return drawOn()
      }
      drawOn().catch(() => {})
    }
    // Each logs once, and then waits: until then, it is answered what nobody has written.
    await until('all wait for the disk', async () => {
      const waits = `select from pg_stat_activity where backend_type = 'client backend' and wait_event in ('WALWrite', 'WALSync', 'WalSync')`
      return (await pool.query(waits)).rowCount === SESSIONS
    })
    expect(drawn).toBeGreaterThan(1000)
    await server.kill()
    await server.stallDisk(false)
    await server.restart()
    const locks = createLocks(open())
    const lease = await locks.named('after').acquire({ waitMs: 60_000 })
    expect(lease.fencingToken).toBeGreaterThan(highest)
    await locks.close()
    await Promise.all(backends.map((backend) => backend.close?.()))
  })
})
