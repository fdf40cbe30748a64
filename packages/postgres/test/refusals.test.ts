import { randomBytes } from 'node:crypto'
import { createLocks, type LeaseholdError } from '@leasehold/core'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresRows } from '../src/index.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, url, openPool } = database
afterAll(database.stop)

async function errorOf(
  settings: { connectionString?: string; options?: string },
  schemaName = schema,
): Promise<LeaseholdError> {
  const backend = postgresRows({ pool: openPool({ max: 1, ...settings }), schema: schemaName })
  const attempt = createLocks(backend).lock('a').tryAcquire()
  return attempt.then(
    () => expect.fail('it was granted'),
    (error: LeaseholdError) => error,
  )
}

const addressOf = (change: (address: URL) => void): string => {
  const address = new URL(url)
  change(address)
  return address.href
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

  it('read-only, as a standby is: refused', async () => {
    const error = await errorOf({ options: '-c default_transaction_read_only=on' })
    expect(error.code).toBe('BACKEND_REFUSED')
    expect(error.message).toMatch(/read-only.*primary/)
  })

  it('that does not exist: refused', async () => {
    const error = await errorOf({ connectionString: addressOf((address) => (address.pathname = '/nowhere')) })
    expect(error.code).toBe('BACKEND_REFUSED')
  })

  it('with a wrong password: refused, and the password is not shown', async () => {
    const password = randomBytes(8).toString('hex')
    const name = `${schema}_secret`
    await pool.query(`create role ${name} nologin`)
    const error = await errorOf({
      connectionString: addressOf((address) => Object.assign(address, { username: name, password })),
    })
    await pool.query(`drop role ${name}`)
    expect(error.code).toBe('BACKEND_REFUSED')
    expect(JSON.stringify(error) + error.stack + String(error.cause)).not.toContain(password)
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
  const { classifyError } = postgresRows({ pool })

  it.each(['28P01', '28000', '3D000', '3F000', '42P01', '42883', '42501', '25006'])(
    'takes %s for a refusal',
    (code) => {
      expect(classifyError?.(Object.assign(new Error('no'), { code }))).toBe('refused')
    },
  )

  it.each(['57P01', '40001', '53300', 'ECONNREFUSED', '08006'])('takes %s for an outage', (code) => {
    expect(classifyError?.(Object.assign(new Error('no'), { code }))).toBe('unavailable')
  })

  it('takes whatever was thrown', () => {
    for (const thrown of [undefined, null, 'text', {}]) expect(classifyError?.(thrown)).toBe('unavailable')
    expect(classifyError?.(new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'))).toBe(
      'refused',
    )
  })
})
