import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createLocks, type LeaseholdError } from '@leasehold/core'
import { startPgBouncer, startPostgres } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { migrate, postgresAdvisoryBackend, postgresRowsBackend } from '../src/index.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

type Options = Parameters<typeof postgresAdvisoryBackend>[0]

async function errorOf(connection: Options['connection'], schemaName = schema): Promise<LeaseholdError> {
  const locks = createLocks(postgresAdvisoryBackend({ connection, schema: schemaName }))
  const error = await locks
    .named('a')
    .tryAcquire()
    .then(
      () => expect.fail('it was granted'),
      (refusal: LeaseholdError) => refusal,
    )
  await locks.close()
  return error
}

const addressOf = (change: (address: URL) => void): string => {
  const address = new URL(url)
  change(address)
  return address.href
}

/** Another server, as far as can be told by what it says of itself. */
const clientOf = (self: { version?: number; version_name?: string; product?: string }) => () => {
  const client = new pg.Client(url)
  const query = client.query.bind(client) as (statement: object, values?: unknown[]) => Promise<pg.QueryResult>
  const altered = async (statement: { text: string }, values?: unknown[]) => {
    const result = await query(statement, values)
    if (statement.text.includes('server_version_num')) Object.assign(result.rows[0], self)
    return result
  }
  return Object.assign(client, { query: altered as never })
}

describe('advisory locks refuse', () => {
  it('a transaction pooler, where two clients would share a lock, and name what works there', async () => {
    const pooler = await startPgBouncer({ postgres: database.server })
    const error = await errorOf(pooler.url)
    await pooler.stop()
    expect(error.code).toBe('BACKEND_REFUSED')
    expect(error.message).toMatch(/connection pooler.*postgresRowsBackend/)
  })

  it('a server that is too old', async () => {
    const error = await errorOf(clientOf({ version: 130_014, version_name: '13.14' }))
    expect(error.code).toBe('BACKEND_REFUSED')
    expect(error.message).toContain('need Postgres 14 or newer; this is 13.14')
    const locks = createLocks(postgresAdvisoryBackend({ connection: clientOf({ version: 140_000 }), schema }))
    expect(await locks.named('on the oldest').tryAcquire()).not.toBeNull()
    await locks.close()
  })

  it('CockroachDB, where all get a lock who ask for it', async () => {
    const error = await errorOf(
      clientOf({ version: 180_000, product: 'CockroachDB CCL v26.3.0 (x86_64-pc-linux-gnu)' }),
    )
    expect(error.code).toBe('BACKEND_REFUSED')
    expect(error.message).toContain('on CockroachDB, the functions for them lock nothing')
  })

  it('a database without the schema, with the command that helps', async () => {
    const error = await errorOf(url, 'nowhere')
    expect(error.code).toBe('BACKEND_REFUSED')
    expect(error.message).toContain('npx leasehold-postgres schema --schema nowhere')
  })

  it('a wrong address, and show no password', async () => {
    const password = `secret-${randomBytes(8).toString('hex')}`
    const broken = [
      `postgres://user:${password}@host:port/database`,
      `postgres://user:${password}@[::1/database`,
      // Parsed, and refused by the server.
      addressOf((address) => {
        address.pathname = '/nowhere'
        address.password = password
      }),
    ]
    for (const address of broken) {
      const error = await errorOf(address)
      expect([error.code, address]).toEqual(['BACKEND_REFUSED', address])
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(password)
    }
  })

  it('options that break a rule, before anything is sent', () => {
    for (const maxHeld of [0, 1.5, Number.NaN, 1e7, '5' as never]) {
      expect(() => postgresAdvisoryBackend({ connection: url, maxHeld })).toThrow(RangeError)
    }
    for (const connection of [undefined, 5, null, '', 'localhost', 'mysql://localhost']) {
      expect(() => postgresAdvisoryBackend({ connection: connection as never })).toThrow(TypeError)
    }
    expect(() => postgresAdvisoryBackend({ connection: url, schema: 'a"b' })).toThrow(RangeError)
  })
})

describe('advisory locks', () => {
  it('cannot be had of a standby, as lease rows cannot: it may be promoted', async () => {
    await using server = await startPostgres({ own: true })
    const admin = new pg.Pool({ connectionString: server.url, max: 1 })
    admin.on('error', () => {})
    await migrate(admin)
    const { rows } = await admin.query('show data_directory')
    await writeFile(join(rows[0].data_directory, 'standby.signal'), '')
    await server.restart()
    const error = await errorOf(server.url, 'leasehold')
    const onRows = createLocks(postgresRowsBackend({ pool: admin }))
    const ofRows = await onRows
      .named('a')
      .tryAcquire()
      .catch((refusal: LeaseholdError) => refusal)
    await admin.end()
    for (const refusal of [error, ofRows as LeaseholdError]) {
      expect(refusal.code).toBe('BACKEND_UNAVAILABLE')
      expect(refusal.message).toMatch(/read-only.*primary/)
    }
  })

  it('cannot be had in a session that may only read', async () => {
    const error = await errorOf({ connectionString: url, options: '-c default_transaction_read_only=on' })
    expect(error.code).toBe('BACKEND_UNAVAILABLE')
    expect(error.message).toMatch(/read-only.*primary/)
  })

  it('are not refused where the server is out of reach: it may come back', async () => {
    const error = await errorOf(addressOf((address) => (address.port = '1')))
    expect(error.code).toBe('BACKEND_UNAVAILABLE')
  })

  it('need no more privileges than the documented ones', async () => {
    const role = `${schema}_user`
    await pool.query(`
      create role ${role} login;
      grant usage on schema ${schema} to ${role};
      grant usage on sequence ${schema}.fencing_tokens to ${role}`)
    const connection = addressOf((address) => (address.username = role))
    const [one, other] = [0, 1].map(() => createLocks(postgresAdvisoryBackend({ connection, schema })))
    const lease = await one?.named('a').acquire()
    const waiting = other?.named('a').acquire({ waitMs: 10_000 })
    await lease?.renew()
    expect(await lease?.release()).toBe('released')
    await (await waiting)?.release()
    await Promise.all([one?.close(), other?.close()])
    await pool.query(`revoke usage on sequence ${schema}.fencing_tokens from ${role}`)
    expect((await errorOf(connection)).code).toBe('BACKEND_REFUSED')
    await pool.query(`drop owned by ${role}; drop role ${role}`)
  })
})
