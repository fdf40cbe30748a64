import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { allOf, annotate, createLocks, forceRelease, list, semaphore, shared } from '@leasehold/core'
import { compiled, until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { fence, migrate, postgresRowsBackend, schemaSql } from '../src/index.ts'
import { SCHEMA_VERSION } from '../src/sql/version-sql.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, url, openPool } = database
afterAll(database.stop)

const cli = await compiled(fileURLToPath(new URL('../src/cli.ts', import.meta.url)))
const runCli = (...args: string[]): string =>
  execFileSync(process.execPath, [cli, ...args], { encoding: 'utf8', stdio: 'pipe' })

/** What it says, of either kind. */
function spawnCli(address: string, ...args: string[]) {
  const env = { ...process.env, DATABASE_URL: address }
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env })
  return { status, said: stdout + stderr }
}

/** With a user who may do what the README grants, and nothing else. */
async function createLeastPrivilegedRole(name: string): Promise<string> {
  const address = await createRoleOfVersion2(name)
  await pool.query(`grant select, insert, update, delete on
    ${schema}.lease_parts, ${schema}.lease_line, ${schema}.lease_forced to ${name}`)
  return address
}

/** With what the README granted before there were parts of keys. */
async function createRoleOfVersion2(name: string): Promise<string> {
  await pool.query(`
    create role ${name} login;
    grant usage on schema ${schema} to ${name};
    grant usage on sequence ${schema}.fencing_tokens to ${name};
    grant select, insert, update on ${schema}.leases, ${schema}.fences to ${name}`)
  const address = new URL(url)
  address.username = name
  return address.href
}

describe('the schema', () => {
  it('is applied by many processes at once', async () => {
    const other = `${schema}_other`
    const pools = Array.from({ length: 8 }, () => openPool({ max: 1 }))
    await Promise.all(pools.map((each) => migrate(each, { schema: other })))
    const { rows } = await pool.query(`select ${other}.schema_version() as version`)
    expect(rows).toEqual([{ version: SCHEMA_VERSION }])
    await pool.query(`drop schema ${other} cascade`)
  })

  it('is applied by many at once who know its text alone', async () => {
    const other = `${schema}_text`
    const pools = Array.from({ length: 20 }, () => openPool({ max: 1 }))
    await Promise.all(pools.map((each) => each.query(schemaSql({ schema: other }))))
    await Promise.all(pools.map((each) => each.query(schemaSql({ schema: other }))))
    await pool.query(`drop schema ${other} cascade`)
  })

  it('is set right where somebody has changed a function, and not touched where nobody has', async () => {
    const other = `${schema}_changed`
    await migrate(pool, { schema: other })
    const versionsOf = async () =>
      (await pool.query(`select oid, xmin from pg_proc where pronamespace = $1::regnamespace order by oid`, [other]))
        .rows
    const before = await versionsOf()
    await migrate(pool, { schema: other })
    expect(await versionsOf()).toEqual(before)
    await pool.query(`create or replace function ${other}.release(ended text, asker text) returns boolean
      language sql as 'select true'`)
    await migrate(pool, { schema: other })
    const claim = claimOn('changed')
    expect(await postgresRowsBackend({ pool, schema: other }).release(claim)).toBe(false)
    await pool.query(`comment on function ${other}.schema_version() is 'another text'`)
    const changed = await versionsOf()
    await migrate(pool, { schema: other })
    expect(await versionsOf()).not.toEqual(changed)
    await pool.query(`create or replace function ${other}.schema_version() returns int language sql as 'select 1000'`)
    await migrate(pool, { schema: other })
    expect((await pool.query(`select ${other}.schema_version() as version`)).rows).toEqual([{ version: 1000 }])
    await pool.query(`drop schema ${other} cascade`)
  })

  it('is applied twice without loss', async () => {
    const lease = await createLocks(postgresRowsBackend({ pool, schema })).named('kept').acquire()
    await pool.query(schemaSql({ schema }))
    expect(await lease.renew()).toBeUndefined()
    expect(await lease.release()).toBe('released')
  })

  it('of version 2 is brought up under those who use it, and serves those who still know that version', async () => {
    const old = `${schema}_old`
    const sql = readFileSync(new URL('schema-2.sql', import.meta.url), 'utf8')
    await pool.query(sql.replaceAll('"leasehold"', `"${old}"`))
    const [held, free] = [claimOn('held'), claimOn('free')]
    const { rows: granted } = await pool.query(`select * from ${old}.try_acquire('held', $1, 60000, 'null')`, [
      held.holder,
    ])
    await migrate(pool, { schema: old })
    await pool.query(schemaSql({ schema: old }))
    const backend = postgresRowsBackend({ pool, schema: old })
    const fencingToken = BigInt(granted[0].fencing_token)
    expect(await backend.renew([{ ...held, ttlMs: 60_000 }])).toMatchObject([{ granted: true, fencingToken }])
    expect(await backend.inspect?.('held')).toMatchObject([{ fencingToken, metadata: 'null' }])
    const reader = { ...claimOn('read'), share: { kind: 'shared' as const } }
    await backend.tryAcquire(reader, terms(60_000))
    const asks = async (call: string, ...values: unknown[]) =>
      (await pool.query(`select * from ${old}.${call}`, values)).rows
    expect(await asks('try_acquire($1, $2, 60000, null)', 'read', free.holder)).toMatchObject([{ granted: false }])
    expect(
      await asks('try_acquire_all($1, $2, 60000, null)', ['free', 'read'], [free.holder, free.holder]),
    ).toMatchObject([{ place: null }])
    expect(await asks('renew_all($1, $2, $3)', ['free', 'held'], [free.holder, held.holder], [1, 1])).toMatchObject([
      { place: 2, fencing_token: String(fencingToken) },
    ])
    expect(await asks('inspect($1)', 'held')).toMatchObject([{ fencing_token: String(fencingToken) }])
    expect(await asks('release_all($1, $2)', ['free', 'held'], [free.holder, held.holder])).toEqual([{ place: 2 }])
    await backend.release(reader)
    expect(await asks('try_acquire($1, $2, 60000, null)', 'read', free.holder)).toMatchObject([{ granted: true }])
    await pool.query(`drop schema ${old} cascade`)
  })

  it('is printed by the command, as it is applied', () => {
    expect(runCli('schema')).toBe(schemaSql())
    expect(runCli('schema', '--schema', 'other')).toBe(schemaSql({ schema: 'other' }))
    expect(() => runCli('drop')).toThrow(/leasehold-postgres schema/)
  })

  it('is brought up by the command, which says where it stands', async () => {
    const other = `${schema}_command`
    const run = (command: string) => spawnCli(url, command, '--schema', other)
    expect(run('status')).toEqual({ status: 1, said: `there is no schema "${other}" of Leasehold\n` })
    const stands = `the schema "${other}" is of version ${SCHEMA_VERSION}`
    expect(run('migrate')).toEqual({ status: 0, said: `there is no schema "${other}" of Leasehold\nnow: ${stands}\n` })
    expect(run('migrate')).toEqual({ status: 0, said: `${stands}\n` })
    expect(run('status')).toEqual({ status: 0, said: `${stands}\n` })
    await pool.query(`create or replace function ${other}.leave(wanted text, asker text) returns boolean
      language sql as 'select true'`)
    expect(run('status')).toEqual({ status: 1, said: `${stands}, but somebody has changed its functions\n` })
    const versionIs = (version: number) =>
      pool.query(`create or replace function ${other}.schema_version() returns int language sql as 'select ${version}'`)
    await versionIs(1)
    expect(run('status').said).toMatch(/version 1: older than this package, which needs \d+/)
    await versionIs(1000)
    expect(run('status')).toMatchObject({ status: 0, said: expect.stringContaining('newer than this package') })
    await pool.query(`drop schema ${other} cascade`)
    const nowhere = spawnCli('postgres://127.0.0.1:1/nowhere', 'status')
    expect(nowhere).toMatchObject({ status: 2, said: expect.stringContaining('ECONNREFUSED') })
  })

  it('refuses a server that is too old', async () => {
    const sql = schemaSql({ schema }).replaceAll('140000', '990000')
    await expect(pool.query(sql)).rejects.toThrow(/needs Postgres 14 or newer; this is \d+/)
  })

  it('refuses names that need more than quotes, before anything is sent', async () => {
    for (const name of ['', 'a"; drop table users; --', "a'b", 'a.b', '1a', 'x'.repeat(64)]) {
      expect(() => schemaSql({ schema: name })).toThrow(RangeError)
      expect(() => postgresRowsBackend({ pool, schema: name })).toThrow(RangeError)
    }
  })

  it('keeps capital letters apart', async () => {
    const capital = schema.toUpperCase()
    await migrate(pool, { schema: capital })
    expect(
      await createLocks(postgresRowsBackend({ pool, schema: capital }))
        .named('a')
        .tryAcquire(),
    ).not.toBeNull()
    await pool.query(`drop schema "${capital}" cascade`)
  })

  it('needs no more privileges in use than the documented ones', async () => {
    const name = `${schema}_user`
    const connectionString = await createLeastPrivilegedRole(name)
    const theirs = openPool({ connectionString, max: 2 })
    await migrate(theirs, { schema })
    const locks = createLocks(
      postgresRowsBackend({ pool: theirs, schema, listen: () => new pg.Client({ connectionString }) }),
    )
    const [lease] = await allOf(locks, ['a', 'b']).acquire()
    await lease?.renew()
    const client = await theirs.connect()
    await client.query('begin')
    await fence(client, 'a', lease?.fencingToken ?? 0n, { schema })
    await client.query('commit')
    client.release()
    expect(await locks.named('a').inspect()).toHaveLength(1)
    const [reader, permit] = [await shared(locks, 'parts').acquire(), semaphore(locks, 'parts', 3).acquire()]
    await until('it stands in line', async () => {
      const { rowCount } = await pool.query(`select from ${schema}.lease_line where key = 'parts'`)
      return rowCount === 1
    })
    await annotate(reader, { reads: true })
    await reader.renew()
    await reader.release()
    await permit
    expect(await list(locks, { prefix: '' })).toHaveLength(3)
    expect(await forceRelease(locks, 'parts', { reason: 'over' })).toBe(1)
    expect((await locks.close()).released).toBe(2)
    await expect(theirs.query(`delete from ${schema}.leases`)).rejects.toThrow(/permission denied/)
    await theirs.query('select 1')
    await pool.query(`drop owned by ${name}; drop role ${name}`)
  })

  it('needs the documented privilege where functions are not for everybody', async () => {
    const [other, name] = [`${schema}_hard`, `${schema}_hardened`]
    await migrate(pool, { schema: other })
    await pool.query(`
      revoke execute on all routines in schema ${other} from public;
      create role ${name} login;
      grant usage on schema ${other} to ${name};
      grant usage on sequence ${other}.fencing_tokens to ${name};
      grant select, insert, update on ${other}.leases to ${name}`)
    const address = new URL(url)
    address.username = name
    const theirs = openPool({ connectionString: address.href, max: 1 })
    const locks = createLocks(postgresRowsBackend({ pool: theirs, schema: other }))
    await expect(locks.named('a').acquire()).rejects.toMatchObject({ code: 'BACKEND_REFUSED' })
    await pool.query(`grant execute on all routines in schema ${other} to ${name}`)
    expect(await locks.named('a').run(() => 'held')).toBe('held')
    await locks.close()
    await pool.query(`drop owned by ${name}; drop role ${name}; drop schema ${other} cascade`)
  })

  it('needs no new privileges for what was there before', async () => {
    const name = `${schema}_veteran`
    const connectionString = await createRoleOfVersion2(name)
    const theirs = openPool({ connectionString, max: 2 })
    const open = () => createLocks(postgresRowsBackend({ pool: theirs, schema }))
    const [one, other] = [open(), open()]
    const leases = await allOf(one, ['x', 'y']).acquire()
    const waiting = other.named('x').acquire()
    for (const lease of leases) await lease.renew()
    await leases.release()
    expect(await (await waiting).release()).toBe('released')
    await Promise.all([one.close(), other.close()])
    await pool.query(`drop owned by ${name}; drop role ${name}`)
  })
})
