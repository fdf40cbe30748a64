import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { postgresRowsBackend } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'
import { counting, keys } from './many.ts'

const database = await openDatabase()
const { pool, schema, openPool } = database
afterAll(database.stop)

const { counter, counted } = counting(pool)
const backend = postgresRowsBackend({ pool: counter, schema })
const TERMS = { ...terms(60_000), metadata: '"shown"' }
const GRANTED = expect.objectContaining({ granted: true, ttlMs: 60_000 })

beforeEach(() => {
  counted.statements = 0
})

const attempt = (names: readonly string[]) => {
  const claims = names.map(claimOn)
  return { claims, asked: Promise.all(claims.map((claim) => backend.tryAcquire(claim, TERMS))) }
}

describe('what is asked of lease rows in one turn of the event loop', () => {
  it('is one statement for up to 64 attempts, and one for as many releases', async () => {
    const names = keys(65, 'gathered')
    for (const round of [1, 2]) {
      const { claims, asked } = attempt(names)
      const grants = await asked
      expect(grants).toEqual(names.map(() => GRANTED))
      expect(new Set(grants.map((grant) => grant.granted && grant.fencingToken)).size).toBe(names.length)
      expect(await backend.inspect?.('gathered 64')).toMatchObject([{ metadata: '"shown"' }])
      expect(await Promise.all(claims.map((claim) => backend.release(claim)))).toEqual(names.map(() => true))
      expect(counted.statements).toBe(5 * round)
    }
  })

  it('is answered to each for itself', async () => {
    const [held, again] = [claimOn('held'), claimOn('held again')]
    await backend.tryAcquire(held, TERMS)
    await backend.tryAcquire(again, terms(30_000))
    const read = { ...claimOn('read'), share: { kind: 'shared' as const } }
    await backend.tryAcquire(read, TERMS)
    const [contended, free, repeated, parted] = await Promise.all([
      ...attempt(['held', 'free']).claims.map((claim) => backend.tryAcquire(claim, TERMS)),
      backend.tryAcquire(again, TERMS),
      backend.tryAcquire(claimOn('read'), TERMS),
    ])
    expect(contended).toMatchObject({ granted: false, remainingMs: expect.any(Number) })
    expect(free).toEqual(GRANTED)
    expect(repeated).toMatchObject({ granted: true })
    expect(repeated?.granted && repeated.ttlMs).toBeLessThanOrEqual(30_000)
    expect(parted).toMatchObject({ granted: false })
    const releases = [held, claimOn('free'), again, read].map((claim) => backend.release(claim))
    expect(await Promise.all(releases)).toEqual([true, false, true, true])
  })

  it('grants a key once, whoever else asks for it in the same turn', async () => {
    const answers = await attempt(['twice', 'once', 'twice', 'twice']).asked
    expect(answers.map(({ granted }) => granted).filter(Boolean)).toHaveLength(2)
    expect(answers[1]).toEqual(GRANTED)
  })

  it('waits for nobody’s row but where it is asked for', async () => {
    await attempt(['locked']).asked
    const other = await openPool({ max: 1 }).connect()
    await other.query('begin')
    await other.query(`select from ${schema}.leases where key = 'locked' for update`)
    const [first, locked, last] = ['first', 'locked', 'last'].map((key) => backend.tryAcquire(claimOn(key), TERMS))
    // Behind the lock it is contended, or its time is over.
    const settled = Promise.allSettled([locked])
    expect(await Promise.all([first, last])).toEqual([GRANTED, GRANTED])
    await other.query('rollback')
    other.release()
    await settled
  })

  it('is asked for one by one where it is refused as a whole', async () => {
    const role = `${schema}_once`
    await pool.query(`create role ${role} login; grant usage on schema ${schema} to ${role};
      grant usage on sequence ${schema}.fencing_tokens to ${role};
      grant select, insert, update on ${schema}.leases to ${role};
      revoke execute on function ${schema}.take_some from public`)
    const address = new URL(database.url)
    address.username = role
    const theirs = postgresRowsBackend({ pool: openPool({ connectionString: address.href }), schema })
    const answers = await Promise.all(keys(3, 'refused').map((key) => theirs.tryAcquire(claimOn(key), TERMS)))
    expect(answers).toEqual([GRANTED, GRANTED, GRANTED])
    await pool.query(
      `grant execute on function ${schema}.take_some to public; drop owned by ${role}; drop role ${role}`,
    )
  })
})
