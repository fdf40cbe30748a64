import { createLocks } from '@leasehold/core'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fence, migrate, postgresAdvisoryBackend, postgresRowsBackend, withTransactionLock } from '../src/index.ts'
import { sharedPostgres } from './database.ts'

const server = await sharedPostgres()
const name = `readme_${process.pid}`
const admin = new pg.Pool({ connectionString: server.url, max: 1 })
const address = new URL(server.url)
address.pathname = `/${name}`

beforeAll(async () => {
  await admin.query(`create database ${name}`)
  process.env['DATABASE_URL'] = address.href
})

afterAll(async () => {
  await admin.query(`drop database ${name}`)
  await admin.end()
})

async function prepareSeats(): Promise<pg.Client> {
  const client = new pg.Client(address.href)
  await client.connect()
  await client.query('create table if not exists seats (name text primary key, buyer text)')
  await client.query(`insert into seats values ('A1', null) on conflict (name) do update set buyer = null`)
  return client
}

const buyerOf = async (client: pg.Client): Promise<unknown> =>
  (await client.query(`select buyer from seats where name = 'A1'`)).rows[0].buyer

describe('the README', () => {
  it('begins with a program that sells a seat', async () => {
    const seats = await prepareSeats()

    const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], keepAlive: true })
    pool.on('error', (error) => console.error(error))
    await migrate(pool)

    const locks = createLocks(
      postgresRowsBackend({
        pool,
        listen: () => new pg.Client({ connectionString: process.env['DATABASE_URL'], keepAlive: true }),
      }),
    )

    await locks.named('seat:A1').run(async (lease) => {
      const client = await pool.connect()
      try {
        await client.query('begin')
        await fence(client, 'seat:A1', lease.fencingToken)
        await client.query(`update seats set buyer = 'me' where name = 'A1'`)
        await client.query('commit')
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
    })

    expect(await buyerOf(seats)).toBe('me')
    await locks.close()
    await pool.end()
    await seats.end()
  })

  it('takes advisory locks with an address', async () => {
    const locks = createLocks(postgresAdvisoryBackend({ connection: process.env['DATABASE_URL'] ?? '' }))

    const lease = await locks.named('seat:A1').acquire()
    expect(await locks.named('seat:A1').tryAcquire()).toBeNull()
    expect(await lease.release()).toBe('released')
    await locks.close()
  })

  it('shows a sale in one transaction', async () => {
    const client = await prepareSeats()

    await withTransactionLock(client, 'seat:A1', async (client) => {
      await client.query(`update seats set buyer = 'me' where name = 'A1'`)
    })

    expect(await buyerOf(client)).toBe('me')
    await client.end()
  })
})
