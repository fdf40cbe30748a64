import { startPostgres } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAdvisory } from '../src/advisory/options.ts'
import { migrate } from '../src/index.ts'
import { openAdvisory, sessionsOf } from './advisory.ts'
import { claimOn, openDatabase, terms } from './database.ts'
import { holdLocks, holdRows, keys } from './many.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000

// Side by side: they mostly wait, for tables and connections of their own.
describe.concurrent('many leases', () => {
  it('ten thousand lease rows are renewed on four connections at most, with fewer than fifty statements a second', async () => {
    await holdRows(database, 10_000)
  })

  it('a thousand advisory locks are renewed on four connections at most, and one more than allowed is refused', async () => {
    await holdLocks(database, 1000)
  })
})

describe('advisory locks', () => {
  it('are five thousand at most where nothing else is said, however many the server has room for', async () => {
    const { limit } = parseAdvisory({ connection: url })
    expect(limit.locks).toBe(5000)
    for (const [room, most] of [
      ['7808', 1952],
      ['400000', 5000],
    ]) {
      await limit.learn({ query: async () => ({ rows: [{ room }] }) } as never)
      expect(limit.locks).toBe(most)
    }
  })

  it('count over all TTLs, and the cap can be set', async () => {
    const { locks } = openAdvisory(url, 'few locks', { schema, maxHeld: 2 })
    const first = await locks.named('first').acquire({ ttlMs: MINUTE_MS / 2 })
    await locks.named('second').acquire({ ttlMs: MINUTE_MS })
    await expect(locks.named('third').acquire()).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
    await first.release()
    await locks.named('third').acquire()
    expect((await locks.close()).released).toBe(2)
  })

  it('of many TTLs at once share few connections, and none is granted less than asked', async () => {
    const { backend, locks } = openAdvisory(url, 'many TTLs', { schema })
    const held = []
    for (let seconds = 10; seconds <= 200; seconds += 10) {
      const claim = claimOn(`ttl ${seconds}`)
      const answer = await backend.tryAcquire(claim, terms(seconds * 1000))
      expect(answer.granted && answer.ttlMs).toBeGreaterThanOrEqual(seconds * 1000)
      held.push(claim)
    }
    expect((await sessionsOf(pool, 'many TTLs')).length).toBeLessThanOrEqual(12)
    for (const claim of held) expect(await backend.release(claim)).toBe(true)
    await locks.close()
  })
})

describe('a lock table that is full', () => {
  it('is far away for a process that was told nothing; is told as such, costs no lease, and has room again afterwards', async () => {
    const settings = { max_locks_per_transaction: 10, max_connections: 10 }
    await using server = await startPostgres({ own: true, settings })
    const admin = new pg.Pool({ connectionString: server.url, max: 1 })
    await migrate(admin)
    const unsaid = openAdvisory(server.url, 'nothing said').locks
    const quarter = await Promise.all(keys(80, 'quarter').map((key) => unsaid.named(key).acquire()))
    await expect(unsaid.named('one more').acquire()).rejects.toThrow('maxHeld is 80')
    expect(await unsaid.close()).toMatchObject({ released: quarter.length })
    const { backend, locks } = openAdvisory(server.url, 'too many', { maxHeld: 5000 })
    const lease = await locks.named('kept').acquire({ ttlMs: MINUTE_MS })
    const claims = keys(5000, 'filler').map(claimOn)
    const granted = []
    let failure: unknown
    for (const claim of claims) {
      const answer = await backend.tryAcquire(claim, terms(MINUTE_MS)).catch((error: unknown) => {
        failure = error
      })
      if (answer === undefined) break
      granted.push(claim)
    }
    expect(String(failure)).toContain('max_locks_per_transaction')
    lease.assertHeld()
    await lease.renew()
    const released = await Promise.all(granted.map((claim) => backend.release(claim)))
    expect(released.every(Boolean)).toBe(true)
    await locks.named('after').run(() => {})
    expect(await lease.release()).toBe('released')
    await locks.close()
    await admin.end()
  })
})
