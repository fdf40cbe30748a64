import {
  allOf,
  annotate,
  createLocks,
  forceRelease,
  type LockBackend,
  type LockEvent,
  list,
  semaphore,
  shared,
} from '@leasehold/core'
import { until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import {
  fence,
  migrate,
  postgresAdvisoryBackend,
  postgresRowsBackend,
  prune,
  withTransactionLock,
} from '../src/index.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { schema, url, openPool } = database
afterAll(database.stop)

const OF = { bool: 16, int8: 20, int4: 23, text: 25, float4: 700, float8: 701, numeric: 1700 }
const shout = (value: string) => value.toUpperCase()

/** What applications tell `pg` about types, by their OIDs: for all of the process, or for one pool. */
const habits: Record<string, Record<number, (value: string) => unknown>> = {
  'integers as BigInt': { [OF.int4]: BigInt, [OF.int8]: BigInt },
  'int8 as a number': { [OF.int8]: Number },
  'booleans as 0 and 1': { [OF.bool]: (value) => (value === 't' ? 1 : 0) },
  'fractions as text': { [OF.float4]: String, [OF.float8]: String, [OF.numeric]: String },
  'text in capitals': { [OF.text]: shout },
  'everything as objects': Object.fromEntries(Object.values(OF).map((oid) => [oid, (value: string) => ({ value })])),
}

const settingsOf = (parsers: Record<number, (value: string) => unknown>) => {
  const getTypeParser = (oid: number, format?: string) =>
    (format !== 'binary' && parsers[oid]) || pg.types.getTypeParser(oid, format as 'text')
  return { connectionString: url, types: { getTypeParser: getTypeParser as typeof pg.types.getTypeParser } }
}

/** Two processes, as far as the server can tell, who do all that can be done with whole keys. */
async function useLocks(open: () => LockBackend, name: string): Promise<void> {
  let waits = 0
  const onEvent = ({ type }: LockEvent) => {
    if (type === 'waiting') waits += 1
  }
  const [one, other] = [createLocks(open(), { onEvent }), createLocks(open(), { onEvent })]
  const lease = await one.named(name).acquire({ metadata: { job: 'Nightly' } })
  expect(await other.named(name).tryAcquire()).toBeNull()
  await lease.renew()
  const waiting = other.named(name).acquire()
  await until('it waits', () => waits === 1)
  expect(await lease.release()).toBe('released')
  const next = await waiting
  expect(next.fencingToken).toBeGreaterThan(lease.fencingToken)
  expect(await next.release()).toBe('released')
  const group = await allOf(one, [`${name} a`, `${name} b`]).acquire()
  await group.renew()
  expect(await other.named(`${name} a`).tryAcquire()).toBeNull()
  await group.release()
  const [reader, second] = [await shared(one, name).acquire(), await shared(one, name).acquire()]
  const writing = other.named(name).acquire()
  await until('the writer waits', () => waits === 2)
  await reader.release()
  await second.release()
  await (await writing).release()
  expect(await Promise.all([one.close(), other.close()])).toMatchObject([{ unreleased: [] }, { unreleased: [] }])
}

describe.each(Object.entries(habits))('where the application takes %s', (habit, parsers) => {
  const settings = settingsOf(parsers)

  it('lease rows mean what they say', async () => {
    const theirs = openPool({ ...settings, max: 4 })
    const open = () => postgresRowsBackend({ pool: theirs, schema, listen: () => new pg.Client(settings) })
    await migrate(theirs, { schema })
    await useLocks(open, habit)
    const locks = createLocks(open())
    const lease = await locks.named(habit).acquire({ metadata: { job: 'Nightly' } })
    expect(await locks.named(habit).inspect()).toMatchObject([
      { fencingToken: lease.fencingToken, metadata: { job: 'Nightly' } },
    ])
    await annotate(lease, { job: 'Daily' })
    expect(await list(locks, { prefix: habit })).toMatchObject([{ key: habit, metadata: { job: 'Daily' } }])
    expect(await forceRelease(locks, habit, { reason: 'Enough' })).toBe(1)
    await expect(lease.renew()).rejects.toThrow('Enough')
    const permit = await semaphore(locks, `${habit} permits`, 3).acquire()
    expect(permit.slots).toEqual([0])
    await permit.renew()
    await permit.release()
    await locks.close()
    expect(await prune(theirs, { schema })).toBeGreaterThan(0)
    const client = await theirs.connect()
    const write = () => fence(client, habit, 1n, { schema })
    await withTransactionLock(client, habit, write)
    await withTransactionLock(client, habit, write, { waitMs: 1000 })
    client.release()
  })

  it('advisory locks mean what they say', async () => {
    await useLocks(() => postgresAdvisoryBackend({ connection: settings, schema }), habit)
  })
})

it('the tests for types have something to find', async () => {
  const { rows } = await openPool(settingsOf(habits['text in capitals'] ?? {})).query(`select 'a' as shouted`)
  expect(rows).toEqual([{ shouted: 'A' }])
})
