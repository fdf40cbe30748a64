import { createLocks, type LockEvent } from '@leasehold/core'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresRowsBackend } from '../src/index.ts'
import { PoolClients } from '../src/pool-clients.ts'
import { Statements } from '../src/statements.ts'
import { openDatabase } from './database.ts'
import { keys } from './many.ts'

const database = await openDatabase()
const { pool, schema, openPool } = database
afterAll(database.stop)

const KEYS = 100

describe.each(['serializable', 'repeatable read'])('where transactions are %s by default', (isolation) => {
  it('keys are granted, renewed and passed on, and no connection is lost', async () => {
    const name = isolation.replace(' ', '-')
    const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
    const pools = [0, 1].map(() => openPool({ options, max: 6, application_name: name }))
    let connections = 0
    const connected = () => {
      connections += 1
    }
    for (const each of pools) each.on('connect', connected)
    const bad: LockEvent[] = []
    const onEvent = (event: LockEvent) => {
      if (['backend-error', 'jeopardy', 'lost'].includes(event.type)) bad.push(event)
    }
    const locks = pools.map((each) => createLocks(postgresRowsBackend({ pool: each, schema }), { onEvent }))
    const leases = await Promise.all(
      keys(KEYS, name).map((key, index) => locks[index % 2]?.named(key).acquire({ ttlMs: 60_000 })),
    )
    await Promise.all(leases.map((lease) => lease?.renew()))
    await Promise.all(leases.map((lease) => lease?.release()))
    let turns = 0
    const work = () => {
      turns += 1
    }
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => locks[index % 2]?.named(`${name} hot`).run({ waitMs: 60_000 }, work)),
    )
    expect([turns, bad]).toEqual([20, []])
    expect(connections).toBeLessThanOrEqual(12)
    await Promise.all(locks.map((each) => each.close()))
  })
})

describe('a statement that the server has rolled back', () => {
  it.each(['40001', '40P01'])('by %s is asked again, on the same connection', async (code) => {
    const name = `${schema}.fails_${code.toLowerCase()}`
    await pool.query(`
      create sequence ${name};
      create function ${name}(times int) returns text language plpgsql as $$
      begin
        if nextval('${name}') <= times then
          raise exception 'in the way' using errcode = '${code}';
        end if;
        return current_setting('transaction_isolation') || ' ' || pg_backend_pid();
      end $$`)
    const theirs = openPool({ max: 1, options: '-c default_transaction_isolation=serializable' })
    const { rows } = await theirs.query('select pg_backend_pid()::text as pid')
    const statements = new Statements(new PoolClients(theirs), 60_000)
    const isolation = code === '40001' ? 'read committed' : 'serializable'
    expect(await statements.run(`select ${name}(2) as value`, [])).toEqual([{ value: `${isolation} ${rows[0].pid}` }])
    await expect(statements.run(`select ${name}($1) as value`, [100])).rejects.toMatchObject({ code })
    expect(await statements.run(`select pg_backend_pid() as pid`, [])).toEqual(rows)
  })
})
