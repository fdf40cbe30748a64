import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createLocks, type LeaseholdError, type LockEvent } from '@leasehold/core'
import { startPostgres, until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { postgresAdvisoryBackend, postgresRowsBackend } from '../src/index.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, url, openPool } = database
afterAll(database.stop)

async function errorOf(
  settings: { connectionString?: string; options?: string },
  schemaName = schema,
): Promise<LeaseholdError> {
  const backend = postgresRowsBackend({ pool: openPool({ max: 1, ...settings }), schema: schemaName })
  return refusalOf(createLocks(backend).named('a').tryAcquire())
}

const refusalOf = (attempt: Promise<unknown>): Promise<LeaseholdError> =>
  attempt.then(
    () => expect.fail('it was granted'),
    (error: LeaseholdError) => error,
  )

const addressOf = (change: (address: URL) => void): string => {
  const address = new URL(url)
  change(address)
  return address.href
}

/** The superuser may come as before; everybody else needs a password. */
function passwordsDemanded(): string {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-hba-'))
  const file = join(folder, 'pg_hba.conf')
  writeFileSync(file, 'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n')
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return file
}

async function asSuperuser(address: URL, sql: string): Promise<void> {
  const client = new pg.Client(address.href)
  await client.connect()
  await client.query(sql)
  await client.end()
}

describe('a database that cannot be used', () => {
  it('without the schema: refused, with the command that helps', async () => {
    const error = await errorOf({}, 'nowhere')
    expect(error.code).toBe('BACKEND_REFUSED')
    expect(error.message).toContain('npx leasehold-postgres schema --schema nowhere')
    expect(error.message).toContain('migrate(pool)')
  })

  it('with a part of the schema: refused in the same way', async () => {
    const empty = `${schema}_empty`
    await pool.query(`create schema ${empty}`)
    const error = await errorOf({}, empty)
    await pool.query(`drop schema ${empty}`)
    expect(error.code).toBe('BACKEND_REFUSED')
    expect(error.message).toContain(`npx leasehold-postgres schema --schema ${empty}`)
  })

  it('read-only, as a standby is: not refused, since it may be promoted, or the address lead elsewhere', async () => {
    const error = await errorOf({ options: '-c default_transaction_read_only=on' })
    expect(error.code).toBe('BACKEND_UNAVAILABLE')
    expect(error.message).toMatch(/read-only.*primary/)
  })

  it('read-only until it is promoted: waited for, by those who wait', async () => {
    const role = `${schema}_reader`
    await pool.query(`
      create role ${role} login superuser;
      alter role ${role} set default_transaction_read_only = on`)
    const theirs = openPool({ connectionString: addressOf((address) => (address.username = role)), max: 1 })
    let told = 0
    const onEvent = ({ type }: LockEvent) => {
      if (type === 'backend-error') told += 1
    }
    const locks = createLocks(postgresRowsBackend({ pool: theirs, schema }), { onEvent })
    const acquiring = locks.named('promoted').acquire({ waitMs: 60_000 })
    await until('it is told', () => told > 0)
    await pool.query(`alter role ${role} reset all`)
    expect(await (await acquiring).release()).toBe('released')
    await locks.close()
    await pool.query(`drop role ${role}`)
  })

  it('that does not exist: refused', async () => {
    const error = await errorOf({ connectionString: addressOf((address) => (address.pathname = '/nowhere')) })
    expect(error.code).toBe('BACKEND_REFUSED')
  })

  it('with a user who may not log in: refused', async () => {
    const name = `${schema}_group`
    await pool.query(`create role ${name} nologin`)
    const error = await errorOf({ connectionString: addressOf((address) => (address.username = name)) })
    await pool.query(`drop role ${name}`)
    expect(error.code).toBe('BACKEND_REFUSED')
  })

  it('whose address cannot be parsed: refused, and no password is shown', async () => {
    const password = `secret-${randomBytes(8).toString('hex')}`
    const error = await errorOf({ connectionString: `postgres://user:${password}@host:port/database` })
    expect(error.code).toBe('BACKEND_REFUSED')
    expect(error.message).toContain('the address of the database cannot be parsed')
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(password)
  })

  it('with a wrong password, or none: refused, and no password is shown', async () => {
    const [password, wrong] = ['right', 'wrong'].map((word) => `${word}-${randomBytes(8).toString('hex')}`)
    await using server = await startPostgres({ own: true, settings: { hba_file: passwordsDemanded() } })
    const address = new URL(server.url)
    await asSuperuser(address, `create role somebody login password '${password}'`)
    address.username = 'somebody'
    for (const each of [wrong ?? '', '']) {
      address.password = each
      const advisory = createLocks(postgresAdvisoryBackend({ connection: address.href }))
      for (const error of [
        await errorOf({ connectionString: address.href }),
        await refusalOf(advisory.named('a').tryAcquire()),
      ]) {
        expect(error.code).toBe('BACKEND_REFUSED')
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(wrong)
      }
    }
  })

  it('without privileges: refused', async () => {
    const name = `${schema}_nobody`
    await pool.query(`create role ${name} login`)
    const error = await errorOf({ connectionString: addressOf((address) => (address.username = name)) })
    await pool.query(`drop role ${name}`)
    expect(error.code).toBe('BACKEND_REFUSED')
  })

  it('out of reach: not refused, since it may come back', async () => {
    const error = await errorOf({ connectionString: addressOf((address) => (address.port = '1')) })
    expect(error.code).toBe('BACKEND_UNAVAILABLE')
  })
})

describe('the classification of errors', () => {
  const { classifyError } = postgresRowsBackend({ pool })

  it.each(['28P01', '28000', '3D000', '3F000', '42P01', '42883', '42501', 'ERR_INVALID_ARG_TYPE'])(
    'takes %s for a refusal',
    (code) => {
      expect(classifyError?.(Object.assign(new Error('no'), { code }))).toBe('refused')
    },
  )

  it.each(['57P01', '40001', '25006', '55P03', '53300', 'ECONNREFUSED', '08006'])('takes %s for an outage', (code) => {
    expect(classifyError?.(Object.assign(new Error('no'), { code }))).toBe('unavailable')
  })

  it('takes whatever was thrown', () => {
    for (const thrown of [undefined, null, 'text', {}]) expect(classifyError?.(thrown)).toBe('unavailable')
    expect(classifyError?.(new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'))).toBe(
      'refused',
    )
  })
})
