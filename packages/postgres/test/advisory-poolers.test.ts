import { createLocks, isLeaseholdError } from '@leasehold/core'
import { startPgBouncer, until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { postgresAdvisoryBackend } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { server: postgres, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000

type Options = Parameters<typeof postgresAdvisoryBackend>[0]

function open(connection: Options['connection'], sessionPooler?: boolean, pollMs = 1000) {
  const backend = postgresAdvisoryBackend({ connection, schema, ...(sessionPooler && { sessionPooler }) })
  const locks = createLocks(backend, { pollMs })
  onTestFinished(() => void locks.close())
  return { backend, locks }
}

const errorOf = async ({ locks }: ReturnType<typeof open>): Promise<unknown> =>
  locks
    .named('a')
    .tryAcquire()
    .then(
      () => expect.fail('it was granted'),
      (error: unknown) => error,
    )

/** As the bindings of the C library are. */
const withoutProcessId = () =>
  Object.defineProperty(new pg.Client({ connectionString: url, pipeline: true }), 'processID', {
    get: () => undefined,
    set() {},
  })

describe('a pooler that keeps the session of each client', () => {
  it('is refused as one that might not, with what to say', async () => {
    const pooler = await startPgBouncer({ postgres, settings: { pool_mode: 'session' } })
    onTestFinished(() => pooler.stop())
    const error = await errorOf(open(pooler.url))
    expect(isLeaseholdError(error, 'BACKEND_REFUSED')).toBe(true)
    expect(String(error)).toMatch(/connection pooler.*sessionPooler: true/)
  })

  it('serves where it is said to be one: leases, waits of any number of keys, and what is cancelled', async () => {
    const settings = { pool_mode: 'session', default_pool_size: 20 }
    const pooler = await startPgBouncer({ postgres, settings })
    onTestFinished(() => pooler.stop())
    const [holder, waiter] = [open(pooler.url, true), open(pooler.url, true, MINUTE_MS)]
    const keys = ['pooled 1', 'pooled 2', 'pooled 3']
    const leases = await Promise.all(keys.map((key) => holder.locks.named(key).acquire({ ttlMs: MINUTE_MS })))
    await expect(waiter.locks.named('pooled 1').acquire({ waitMs: 50 })).rejects.toMatchObject({
      code: 'ACQUIRE_TIMEOUT',
    })
    const turns = keys.map((key) => waiter.locks.named(key).acquire({ ttlMs: MINUTE_MS, waitMs: MINUTE_MS }))
    for (const lease of leases) {
      await lease.renew()
      expect(await lease.release()).toBe('released')
    }
    for (const turn of turns) (await turn).assertHeld()
  })

  it('and does not is noticed by the first answer of another session', async () => {
    const pooler = await startPgBouncer({ postgres, settings: { default_pool_size: 2 } })
    const other = new pg.Client(pooler.url)
    onTestFinished(async () => {
      await other.end()
      await pooler.stop()
    })
    const { backend } = open(pooler.url, true)
    await other.connect()
    const first = claimOn('lent')
    expect(await backend.tryAcquire(first, terms(MINUTE_MS))).toMatchObject({ granted: true })
    let error: unknown
    await until('it is in another session', async () => {
      // Takes the session that was used last.
      await other.query('begin')
      error = await backend.renew([{ ...first, ttlMs: MINUTE_MS }]).then(
        ([renewal]) => renewal,
        (failure: unknown) => failure,
      )
      await other.query('rollback')
      return typeof error !== 'object' || error instanceof Error
    })
    expect(error).toSatisfy((told) => told === 'gone' || /another session|prepared statement/.test(String(told)))
  })
})

describe('a client that does not tell its process', () => {
  it('is refused for that reason, and taken at its word', async () => {
    expect(String(await errorOf(open(withoutProcessId)))).toMatch(/does not tell its processID.*sessionPooler: true/)
    const lease = await open(withoutProcessId, true).locks.named('b').acquire()
    expect(await lease.release()).toBe('released')
  })

  it('is told to say so with a boolean', () => {
    const sessionPooler = 'yes' as unknown as boolean
    expect(() => postgresAdvisoryBackend({ connection: url, sessionPooler })).toThrow(TypeError)
  })
})
