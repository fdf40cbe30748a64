import 'reflect-metadata'
import { allOf, createLocks } from '@leasehold/core'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import { DataSource } from 'typeorm'
import { afterAll, describe, expect, it } from 'vitest'
import {
  fence,
  isStaleToken,
  lockInTransaction,
  migrate,
  type PostgresQuery,
  postgresRowsBackend,
  withTransactionLock,
} from '../src/index.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, url, openPool } = database
const db = drizzle(openPool())
const kysely = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool: openPool() }) })
const knexed = knex({ client: 'pg', connection: url })
const source = await new DataSource({ type: 'postgres', url }).initialize()
afterAll(async () => {
  await Promise.all([knexed.destroy(), source.destroy()])
  await database.stop()
})

type Executes<Executed> = { execute(query: Executed): Promise<{ readonly rows: Record<string, unknown>[] }> }

/** Its placeholders are values between pieces of text. */
const byDrizzle =
  (on: Executes<ReturnType<typeof sql.join>>): PostgresQuery =>
  async (text, values) => {
    const pieces = text
      .split(/\$(\d+)/)
      .map((piece, at) => (at % 2 ? sql.param(values[Number(piece) - 1]) : sql.raw(piece)))
    return (await on.execute(sql.join(pieces))).rows
  }

const byKysely =
  (on: Pick<typeof kysely, 'executeQuery'>): PostgresQuery =>
  async (text, values) =>
    (await on.executeQuery<Record<string, unknown>>(CompiledQuery.raw(text, values))).rows

/** Its placeholders have no numbers. */
const byKnex =
  (on: Pick<typeof knexed, 'raw'>): PostgresQuery =>
  async (text, values) =>
    (await on.raw(text.replace(/\$\d+/g, '?'), values as never)).rows

const byTypeOrm =
  (on: Pick<DataSource, 'query'>): PostgresQuery =>
  (text, values) =>
    on.query(text, values)

type Transact = <Result>(work: (query: PostgresQuery) => Promise<Result>) => Promise<Result>

const libraries: readonly { name: string; query: PostgresQuery; transaction: Transact }[] = [
  {
    name: 'Drizzle',
    query: byDrizzle(db),
    transaction: (work) => db.transaction((tx) => work(byDrizzle(tx))),
  },
  {
    name: 'Kysely',
    query: byKysely(kysely),
    transaction: (work) => kysely.transaction().execute((tx) => work(byKysely(tx))),
  },
  { name: 'Knex', query: byKnex(knexed), transaction: (work) => knexed.transaction((tx) => work(byKnex(tx))) },
  {
    name: 'TypeORM',
    query: byTypeOrm(source),
    transaction: (work) => source.transaction((manager) => work(byTypeOrm(manager))),
  },
]

describe.each(libraries)('with $name', ({ name, query, transaction }) => {
  it('lease rows are locked, renewed, contended and released, one and many at once, by its pool', async () => {
    const locks = createLocks(postgresRowsBackend({ query, schema }))
    const lease = await locks.named(name).acquire({ metadata: { by: name } })
    await lease.renew()
    expect(await locks.named(name).tryAcquire()).toBeNull()
    expect((await locks.named(name).inspect())[0]).toMatchObject({ metadata: { by: name } })
    const many = Array.from({ length: 20 }, (_, index) => locks.named(`${name} ${index}`))
    const leases = await Promise.all(many.map((lock) => lock.acquire()))
    expect(await allOf(locks, [`${name} 1`, `${name} 21`]).tryAcquire()).toBeNull()
    for (const each of leases) await each.renew()
    expect(await Promise.all(leases.map((each) => each.release()))).toEqual(leases.map(() => 'released'))
    expect(await lease.release()).toBe('released')
    await locks.close()
  })

  it('a lock in its transaction excludes others, by whatever library, until that ends', async () => {
    const client = await pool.connect()
    const others = () => withTransactionLock(client, `in ${name}`, async () => 'theirs')
    await transaction(async (run) => {
      await lockInTransaction(run, `in ${name}`)
      await expect(others()).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
      const again = transaction((other) => lockInTransaction(other, `in ${name}`, { waitMs: 20 }))
      await expect(again).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
    })
    expect(await others()).toBe('theirs')
    client.release()
    await expect(lockInTransaction(query, `in ${name}`)).rejects.toThrow(TypeError)
  })

  it('a stale token is refused in its transaction, and known as such, by function and by SQL', async () => {
    const guard = (token: bigint) => transaction((run) => fence(run, name, token, { schema }))
    await guard(2n ** 62n)
    await guard(2n ** 62n)
    const refused = await guard(1n).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'STALE_TOKEN' })
    const bySql = await transaction((run) => Promise.resolve(run(`select ${schema}.fence($1, $2)`, [name, '1']))).catch(
      (error: unknown) => error,
    )
    expect([refused, bySql].map(isStaleToken)).toEqual([true, true])
    const another = await transaction((run) => Promise.resolve(run('select 1 / $1::int', [0]))).catch(
      (error: unknown) => error,
    )
    expect([another, undefined, 'STALE_TOKEN'].map(isStaleToken)).toEqual([false, false, false])
    await expect(fence(query, name, 2n ** 62n, { schema })).rejects.toThrow(TypeError)
  })
})

describe('a lock in a transaction of somebody’s', () => {
  it('goes together with the fence of a lease', async () => {
    const locks = createLocks(postgresRowsBackend({ query: byDrizzle(db) }))
    await migrate(pool)
    const lease = await locks.named('seat:A1').acquire()
    await db.transaction(async (tx) => {
      await lockInTransaction(byDrizzle(tx), 'seat:A1')
      await fence(byDrizzle(tx), 'seat:A1', lease.fencingToken)
    })
    expect(await lease.release()).toBe('released')
    await locks.close()
  })

  it('needs one that is read committed', async () => {
    const strict = kysely.transaction().setIsolationLevel('repeatable read')
    await expect(strict.execute((tx) => lockInTransaction(byKysely(tx), 'strict'))).rejects.toThrow(
      'the transaction must be read committed; it is repeatable read',
    )
  })

  it('is told what is wrong before anything is sent', async () => {
    const never = () => Promise.reject(new Error('sent'))
    for (const waitMs of [-1, 1001, 0.5])
      await expect(lockInTransaction(never, 'key', { waitMs })).rejects.toThrow(
        'waitMs must be a whole number from 0 to 1000',
      )
    await expect(lockInTransaction(never, '')).rejects.toThrow('key must be a string that is not empty')
    await expect(lockInTransaction(pool as never, 'key')).rejects.toThrow('client must be one connection; got a pool')
  })
})
