import { createLocks, type LockBackend, type LockEvent } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { postgresAdvisoryBackend, postgresRowsBackend } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, url, openPool } = database
afterAll(database.stop)

const CALLERS = 8

const backends = [
  { name: 'lease rows', open: () => postgresRowsBackend({ pool, schema }) },
  { name: 'advisory locks', open: () => postgresAdvisoryBackend({ connection: url, schema }) },
]

/** The tokens of callers of one process, in their order, for whom one of another process makes room. */
async function turns(backend: LockBackend, other: LockBackend, key: string): Promise<bigint[]> {
  const events: LockEvent[] = []
  const locks = createLocks(backend, { onEvent: (event) => events.push(event) })
  onTestFinished(async () => void (await locks.close()))
  const held = claimOn(key)
  await other.tryAcquire(held, terms(60_000))
  const tokens: bigint[] = []
  const callers = Array.from({ length: CALLERS }, () =>
    locks.named(key).run(({ fencingToken }) => tokens.push(fencingToken)),
  )
  await until('all wait', () => events.filter(({ type }) => type === 'waiting').length === CALLERS)
  await other.release(held)
  await Promise.all(callers)
  return tokens
}

describe.each(backends)('turns that are passed on inside a process: $name', ({ name, open }) => {
  it('have the tokens that one grant has reserved', async () => {
    const other = open()
    onTestFinished(() => other.close?.())
    const tokens = await turns(open(), other, name)
    // A turn that came too late for it was asked for.
    const drawn = new Set(tokens.map((token) => token - (token % 10n)))
    expect(drawn.size).toBeLessThan(CALLERS)
    expect(tokens).toEqual([...tokens].sort((one, two) => Number(one - two)))
    expect(new Set(tokens).size).toBe(CALLERS)
    const after = await other.tryAcquire(claimOn(name), terms(60_000))
    expect(after).toMatchObject({ granted: true })
    expect(after.granted && after.fencingToken).toBeGreaterThan(tokens.at(-1) ?? 0n)
  })
})

describe('a sequence that was made by hand, one token after the other', () => {
  it('reserves nothing for advisory locks', async () => {
    const own = openPool({ max: 1 })
    const other = `${schema}_by_hand`
    await own.query(`create schema ${other}; create sequence ${other}.fencing_tokens`)
    onTestFinished(async () => void (await own.query(`drop schema ${other} cascade`)))
    const backend = postgresAdvisoryBackend({ connection: url, schema: other })
    onTestFinished(() => backend.close?.())
    expect(await backend.tryAcquire(claimOn('by hand'), terms(60_000))).toMatchObject({ granted: true, reserved: 0 })
  })
})
