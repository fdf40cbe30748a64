import type { Claim } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { type PostgresPool, postgresRowsBackend } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, url, openPool } = database
afterAll(database.stop)

const MINUTE_MS = 60_000
const listen = () => new pg.Client(url)

function open(name: string) {
  const backend = postgresRowsBackend({ pool: openPool({ application_name: name }), schema, listen })
  onTestFinished(() => backend.close?.())
  return backend
}

const standing = async (key: string): Promise<number> => {
  const { rowCount } = await pool.query(`select from ${schema}.lease_line where key = $1`, [key])
  return rowCount ?? 0
}

const blocked = async (name: string): Promise<number> => {
  const { rowCount } = await pool.query(
    `select from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'`,
    [name],
  )
  return rowCount ?? 0
}

/** In a transaction that is still open: what is asked in it has been done, and nobody sees it. */
async function transaction(text: string, values: readonly unknown[]) {
  const client = await pool.connect()
  await client.query('begin')
  await client.query(text, [...values])
  let isOpen = true
  const end = async (how: 'commit' | 'rollback') => {
    if (!isOpen) return
    isOpen = false
    await client.query(how)
    client.release()
  }
  onTestFinished(() => end('rollback'))
  return end
}

const locking = (key: string) => transaction(`select from ${schema}.leases where key = $1 for update`, [key])

/** Stand in line for a key that somebody holds. */
async function waiting(backend: ReturnType<typeof open>, key: string, count: number) {
  const holder = claimOn(key)
  await backend.tryAcquire(holder, terms(MINUTE_MS))
  const signals = new AbortController()
  const claims: Claim[] = []
  for (let index = 0; index < count; index += 1) {
    const claim = claimOn(key)
    claims.push(claim)
    backend.waitForTurn?.(claim, terms(MINUTE_MS), signals.signal).catch(() => {})
    await until('it stands in line', async () => (await standing(key)) === index + 1)
  }
  return { holder, claims, signals }
}

describe('a place in line that is given up', () => {
  it('is given up, too, where a release is about to grant the key to it', async () => {
    const backend = open('crossing')
    const { holder, claims, signals } = await waiting(backend, 'crossing', 1)
    const end = await transaction(`select ${schema}.release($1, $2)`, [holder.key, holder.holder])
    signals.abort()
    const released = backend.release(claims[0] as Claim)
    await until('it waits for the release', async () => (await blocked('crossing')) === 1)
    await end('commit')
    expect(await released).toBe(true)
    expect(await backend.inspect?.('crossing')).toEqual([])
  })

  it('is given up with others in one statement, where somebody keeps the row of the key locked', async () => {
    const backend = open('together')
    const { claims, signals } = await waiting(backend, 'together', 3)
    const unlock = await locking('together')
    signals.abort()
    const released = Promise.all(claims.slice(0, 2).map((claim) => backend.release(claim)))
    await until('it waits for the row', async () => (await blocked('together')) > 0)
    await unlock('rollback')
    expect(await released).toEqual([false, false])
    await until('they stand in line no longer', async () => (await standing('together')) <= 1)
  })

  it('is not told as given up by a batch, where somebody keeps the row of the key locked', async () => {
    const backend = open('batch')
    const { claims, signals } = await waiting(backend, 'batch', 2)
    const unlock = await locking('batch')
    signals.abort()
    await expect(backend.releaseAll?.(claims)).rejects.toMatchObject({ code: '55P03' })
    await unlock('rollback')
    expect(await backend.releaseAll?.(claims)).toEqual([false, false])
    // Its wait may have asked once more for the place, before it was over: that goes by itself.
    await until('nobody stands', async () => (await standing('batch')) === 0)
  })
})

describe('a place in line that comes after it was given up', () => {
  it('is given back with the key, where a release has granted that meanwhile', async () => {
    const [holder, claim] = [claimOn('too late'), claimOn('too late')]
    const enough = new AbortController()
    const slow: PostgresPool = {
      async connect() {
        const client = await pool.connect()
        const query = async (text: string, values?: unknown[]) => {
          if (!text.includes('await_place') || enough.signal.aborted) return client.query(text, values)
          enough.abort()
          await backend.release(claim)
          const answer = await client.query(text, values)
          await pool.query(`select ${schema}.release($1, $2)`, [holder.key, holder.holder])
          return answer
        }
        return {
          query,
          release: (destroy) => client.release(destroy),
          on: (event, listener) => client.on(event, listener),
          removeListener: (event, listener) => client.removeListener(event, listener),
        }
      },
    }
    const backend = postgresRowsBackend({ pool: slow, schema, listen })
    onTestFinished(() => backend.close?.())
    await backend.tryAcquire(holder, terms(MINUTE_MS))
    await backend.waitForTurn?.(claim, terms(MINUTE_MS), enough.signal)
    const row = async () =>
      (await pool.query(`select holder, token from ${schema}.leases where key = 'too late'`)).rows[0]
    const { token } = await row()
    await until('the key was granted on', async () => (await row()).token !== token)
    await until('it is given back', async () => (await row()).holder === '')
  })
})

describe('a place in line that is kept', () => {
  it('at the last moment, while a group takes the key, has its turn afterwards', async () => {
    const backend = open('grouped')
    const claim = claimOn('grouped')
    await backend.tryAcquire({ ...claim, share: { kind: 'shared' } }, terms(1))
    await pool.query(
      `insert into ${schema}.lease_line (key, holder, place, kind, alive_until, ttl_ms)
        values ($1, $2, 1, 'whole', clock_timestamp(), ${MINUTE_MS})`,
      [claim.key, claim.holder],
    )
    const keep = `update ${schema}.lease_line set alive_until = clock_timestamp() + interval '1 minute' where holder = $1`
    const end = await transaction(keep, [claim.holder])
    const group = [claimOn('grouped'), claimOn('beside')]
    const isGranted = async () => Array.isArray(await backend.tryAcquireAll?.(group, terms(MINUTE_MS)))
    await until('the reader’s time is over', isGranted)
    await end('commit')
    await backend.releaseAll?.(group)
    expect(await backend.tryAcquire(claimOn('grouped'), terms(MINUTE_MS))).toMatchObject({ granted: false })
    expect(await backend.tryAcquire(claim, terms(MINUTE_MS))).toMatchObject({ granted: true })
  })

  it('by two statements at once is not lost to either', async () => {
    const backend = open('twice')
    const { claims } = await waiting(backend, 'twice', 2)
    const keep = `select * from ${schema}.keep_places($1, $2, ${MINUTE_MS})`
    const columns = (those: readonly Claim[]) => [those.map(({ key }) => key), those.map(({ holder }) => holder)]
    const end = await transaction(keep, columns(claims.slice(0, 1)))
    const { rows } = await pool.query(keep, columns(claims))
    expect(rows.map(({ claim, is_let_in }) => `${claim} ${is_let_in}`).sort()).toEqual(['1 false', '2 false'])
    await end('commit')
  })
})
