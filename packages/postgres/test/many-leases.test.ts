import { createLocks, type Lease, type LockEvent } from '@leasehold/core'
import { startPostgres, until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { migrate, type PostgresPool, postgresRows } from '../src/index.ts'
import { openAdvisory, sessionsOf } from './advisory.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000

const keys = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name} ${index}`)

/** Counts what goes to the server. */
function counting(inner: pg.Pool) {
  const counted = { statements: 0 }
  const counter: PostgresPool = {
    async connect() {
      const client = await inner.connect()
      return {
        query(text, values) {
          counted.statements += 1
          return client.query(text, values)
        },
        release: (destroy) => client.release(destroy),
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
      }
    },
  }
  return { counter, counted }
}

/** Which leases were renewed, and how often a loss or a failure was told. */
function watcher() {
  const renewed = new Set<string | undefined>()
  const bad: LockEvent[] = []
  const onEvent = (event: LockEvent) => {
    if (event.type === 'renewed') renewed.add(event.key)
    else if (event.type === 'lost' || event.type === 'backend-error') bad.push(event)
  }
  return { renewed, bad, onEvent }
}

describe('ten thousand lease rows', () => {
  it('are renewed on four connections at most, with fewer than fifty statements a second', async () => {
    const COUNT = 10_000
    const theirs = database.openPool({ max: 4, application_name: 'many rows' })
    const { counter, counted } = counting(theirs)
    const { renewed, bad, onEvent } = watcher()
    const locks = createLocks(postgresRows({ pool: counter, schema }), { onEvent, requestTimeoutMs: 60_000 })
    const ttlMs = 10_000
    const { leases } = await locks.acquireAll(keys(COUNT, 'row'), { ttlMs })
    renewed.clear()
    counted.statements = 0
    const sinceMs = performance.now()
    await until('all are renewed', () => renewed.size === COUNT, 30_000)
    const seconds = Math.max((performance.now() - sinceMs) / 1000, 1)
    expect(counted.statements / seconds).toBeLessThan(50)
    expect((await sessionsOf(pool, 'many rows')).length).toBeLessThanOrEqual(4)
    expect(bad).toEqual([])
    for (const lease of leases) lease.assertHeld()
    // Given back by their expiry: one by one would take long.
    await pool.query(`update ${schema}.leases set expires_at = clock_timestamp()`)
  }, 60_000)
})

describe('five thousand advisory locks', () => {
  it('are renewed on four connections at most, and one more is refused', async () => {
    const COUNT = 5000
    const { renewed, bad, onEvent } = watcher()
    const { backend } = openAdvisory(url, 'many locks', { schema })
    const locks = createLocks(backend, { onEvent, requestTimeoutMs: 60_000 })
    const taken = keys(COUNT, 'lock').map((key) => locks.lock(key).acquire({ ttlMs: 10_000, waitMs: MINUTE_MS }))
    const leases: Lease[] = await Promise.all(taken)
    await expect(locks.lock('one more').tryAcquire()).rejects.toMatchObject({
      code: 'LIMIT_REACHED',
      message: expect.stringContaining('maxHeld is 5000'),
    })
    renewed.clear()
    await until('all are renewed', () => renewed.size === COUNT, 30_000)
    expect((await sessionsOf(pool, 'many locks')).length).toBeLessThanOrEqual(4)
    expect(bad).toEqual([])
    for (const lease of leases) lease.assertHeld()
    expect(await leases[0]?.release()).toBe('released')
    await locks.lock('one more').run(() => {})
    expect((await locks.close()).released).toBe(COUNT - 1)
  }, 60_000)

  it('count over all TTLs, and the cap can be set', async () => {
    const { locks } = openAdvisory(url, 'few locks', { schema, maxHeld: 2 })
    const first = await locks.lock('first').acquire({ ttlMs: 1000 })
    await locks.lock('second').acquire({ ttlMs: MINUTE_MS })
    await expect(locks.lock('third').acquire()).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
    await first.release()
    await locks.lock('third').acquire()
    expect((await locks.close()).released).toBe(2)
  })
})

describe('advisory locks of many TTLs at once', () => {
  it('share few connections, and none is granted less than asked', async () => {
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
  it('is told as such, costs no lease, and has room again afterwards', async () => {
    const settings = { max_locks_per_transaction: 10, max_connections: 10 }
    await using server = await startPostgres({ own: true, settings })
    const admin = new pg.Pool({ connectionString: server.url, max: 1 })
    await migrate(admin)
    const { backend, locks } = openAdvisory(server.url, 'too many')
    const lease = await locks.lock('kept').acquire({ ttlMs: MINUTE_MS })
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
    for (const claim of granted) expect(await backend.release(claim)).toBe(true)
    await locks.lock('after').run(() => {})
    expect(await lease.release()).toBe('released')
    await locks.close()
    await admin.end()
  })
})
