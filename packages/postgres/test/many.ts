import { allOf, createLocks, type Lease, type LockEvent } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import type pg from 'pg'
import { expect } from 'vitest'
import { type PostgresPool, postgresRowsBackend } from '../src/index.ts'
import { openAdvisory, sessionsOf } from './advisory.ts'
import type { Database } from './database.ts'

const PATIENT = { requestTimeoutMs: 60_000 }

export const keys = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name} ${index}`)

/** Counts what goes to the server. */
export function counting(inner: pg.Pool) {
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

/** Holds so many lease rows until each was renewed: on four connections at most, with fewer than fifty statements a second. */
export async function holdRows({ openPool, pool, schema }: Database, count: number): Promise<void> {
  const theirs = openPool({ max: 4, application_name: 'many rows' })
  const { counter, counted } = counting(theirs)
  const { renewed, bad, onEvent } = watcher()
  const locks = createLocks(postgresRowsBackend({ pool: counter, schema }), { ...PATIENT, onEvent })
  const { leases } = await allOf(locks, keys(count, 'row')).acquire({ ttlMs: 10_000 })
  renewed.clear()
  counted.statements = 0
  const sinceMs = performance.now()
  await until('all are renewed', () => renewed.size === count)
  const seconds = Math.max((performance.now() - sinceMs) / 1000, 1)
  expect(counted.statements / seconds).toBeLessThan(50)
  expect((await sessionsOf(pool, 'many rows')).length).toBeLessThanOrEqual(4)
  expect(bad).toEqual([])
  for (const lease of leases) lease.assertHeld()
  // Given back by their expiry: one by one would take long.
  await pool.query(`update ${schema}.leases set expires_at = clock_timestamp()`)
}

/** Holds as many advisory locks as are allowed until each was renewed: on four connections at most, and one more is refused. */
export async function holdLocks({ pool, schema, url }: Database, count: number): Promise<void> {
  const { renewed, bad, onEvent } = watcher()
  const options = { ...PATIENT, schema, onEvent, maxHeld: count }
  const { locks } = openAdvisory(url, 'many locks', options)
  const take = (names: readonly string[], ttlMs: number): Promise<Lease[]> =>
    Promise.all(names.map((key) => locks.named(key).acquire({ ttlMs, waitMs: 60_000 })))
  const ttlMs = await roomyTtlMs(count, take)
  const leases = await take(keys(count, 'lock'), ttlMs)
  await expect(locks.named('one more').tryAcquire()).rejects.toMatchObject({
    code: 'LIMIT_REACHED',
    message: expect.stringContaining(`maxHeld is ${count}`),
  })
  renewed.clear()
  await until('all are renewed', () => renewed.size === count)
  expect((await sessionsOf(pool, 'many locks')).length).toBeLessThanOrEqual(4)
  expect(bad).toEqual([])
  for (const lease of leases) lease.assertHeld()
  expect(await leases[0]?.release()).toBe('released')
  await locks.named('one more').run(() => {})
  expect((await locks.close()).released).toBe(count - 1)
}

/** Taking so many must not take the time of one, however slow the machine is just now: a tenth of them is taken first. */
async function roomyTtlMs(count: number, take: (names: readonly string[], ttlMs: number) => Promise<Lease[]>) {
  const sinceMs = performance.now()
  const leases = await take(keys(count / 10, 'rehearsed'), 60_000)
  const tookMs = performance.now() - sinceMs
  await Promise.all(leases.map((lease) => lease.release()))
  return Math.max(6000, Math.ceil(tookMs) * 50)
}
