import { createLocks, type LockEvent } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { migrate, postgresAdvisoryBackend, postgresRowsBackend } from '../src/index.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

/** A client that somebody works with, and what says whether he still can. */
async function clientInUse() {
  const client = new pg.Client(url)
  const errors: Error[] = []
  client.on('error', (error) => errors.push(error))
  await client.connect()
  await client.query('create temp table mine (n int)')
  onTestFinished(() => client.end())
  const assertUsable = async () => {
    expect((await client.query('select count(*)::int as n from mine')).rows).toEqual([{ n: 0 }])
    expect(client.listenerCount('notification')).toBe(0)
    expect(errors).toEqual([])
  }
  return { client, assertUsable }
}

describe('a client or a pool where something else is wanted', () => {
  it('is refused at once, by the name of the argument, and not touched', async () => {
    const { client, assertUsable } = await clientInUse()
    const poolSize = pool.totalCount
    for (const [given, what] of [
      [client, 'a client'],
      [pool, 'a pool'],
      [new pg.Client(url), 'a client'],
    ] as const) {
      expect(() => postgresAdvisoryBackend({ connection: given, schema })).toThrow(TypeError)
      expect(() => postgresAdvisoryBackend({ connection: given, schema })).toThrow(`settings of pg; got ${what}`)
    }
    for (const given of [client, new pg.Client(url)]) {
      expect(() => postgresRowsBackend({ pool: given as never, schema })).toThrow(
        'pool must be a pool of pg; got a client',
      )
      await expect(migrate(given as never, { schema })).rejects.toThrow('pool must be a pool of pg; got a client')
    }
    for (const listen of [client, url, pool, {}]) {
      expect(() => postgresRowsBackend({ pool, schema, listen: listen as never })).toThrow('listen must be a function')
    }
    for (const wrong of [undefined, null, {}, url, () => client]) {
      expect(() => postgresRowsBackend({ pool: wrong as never })).toThrow('pool must be')
      expect(() => postgresRowsBackend({ pool: wrong as never })).toThrow(TypeError)
    }
    expect(pool.totalCount).toBe(poolSize)
    await assertUsable()
  })

  it('is refused in the place of the options, which it looks like', async () => {
    const { client, assertUsable } = await clientInUse()
    /** As PGlite is: `query` is a method. */
    class Database {
      query(): Promise<[]> {
        return Promise.resolve([])
      }
    }
    for (const given of [pool, client, new Database(), url, undefined]) {
      expect(() => postgresRowsBackend(given as never)).toThrow('postgresRowsBackend takes { pool }, or { query }')
    }
    await assertUsable()
  })

  it('made by the function of advisory locks is refused when it is made, and not touched', async () => {
    const { client, assertUsable } = await clientInUse()
    for (const [made, why] of [
      [pool, 'connection must make a client of pg; it made a pool'],
      [client, 'connection must make a client that is not connected yet'],
      [undefined, 'connection must make a client of pg, or one that has'],
      [{}, 'connection must make a client of pg, or one that has'],
    ] as const) {
      const locks = createLocks(postgresAdvisoryBackend({ connection: async () => made as never, schema }))
      // Told at once, though it would wait.
      await expect(locks.named('a').acquire({ waitMs: 60_000 })).rejects.toMatchObject({
        code: 'BACKEND_REFUSED',
        message: expect.stringContaining(why),
      })
      await locks.close()
    }
    await assertUsable()
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  it('made by the function that makes listeners is told, and not touched: those who wait poll', async () => {
    const { client, assertUsable } = await clientInUse()
    const holder = createLocks(postgresRowsBackend({ pool, schema }))
    for (const [made, why] of [
      [pool, 'listen must make a client of pg; it made a pool'],
      [client, 'listen must make a client that is not connected yet'],
    ] as const) {
      const lease = await holder.named('listened').acquire()
      const told: LockEvent[] = []
      const backend = postgresRowsBackend({ pool, schema, listen: () => made as never })
      const locks = createLocks(backend, { onEvent: (event) => told.push(event), pollMs: 50 })
      const waiting = locks.named('listened').acquire()
      await until('it is told', () =>
        told.some((event) => event.type === 'backend-error' && event.error.message.includes(why)),
      )
      await lease.release()
      await (await waiting).release()
      await locks.close()
    }
    await assertUsable()
    await holder.close()
  })

  it('that a pool lends is told by what it lacks', async () => {
    const locks = createLocks(postgresRowsBackend({ pool: { connect: async () => ({}) } as never, schema }))
    await expect(locks.named('a').acquire({ waitMs: 60_000 })).rejects.toMatchObject({
      code: 'BACKEND_REFUSED',
      message: expect.stringContaining('connect() of pool must bring'),
    })
  })
})
