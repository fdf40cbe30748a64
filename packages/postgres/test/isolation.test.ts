import { createLocks, type LockEvent } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresRowsBackend, prune } from '../src/index.ts'
import { PoolClients } from '../src/pool-clients.ts'
import { Statements } from '../src/statements.ts'
import { claimOn, openDatabase, terms } from './database.ts'
import { keys } from './many.ts'

const database = await openDatabase()
const { pool, schema, openPool } = database
afterAll(database.stop)

const KEYS = 100
const MINUTE_MS = 60_000

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

  const theirs = (application_name: string) =>
    openPool({ application_name, options: `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}` })
  const permitOn = (key: string) => ({ ...claimOn(key), share: { kind: 'permits' as const, take: 1, of: 2 } })
  const isBlocked = async (name: string): Promise<boolean> => {
    const blocked = `select from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'`
    return (await pool.query(blocked, [name])).rowCount === 1
  }

  /** One permit of two is held, and the other one is granted while this asks. */
  const asked = async <Answer>(key: string, ask: () => Promise<Answer>): Promise<Answer> => {
    await postgresRowsBackend({ pool, schema }).tryAcquire(permitOn(key), terms(MINUTE_MS))
    const other = await pool.connect()
    await other.query('begin')
    const take = `select ${schema}.take_share($1, 'other', ${MINUTE_MS}, null, 'permits', 1, 2)`
    await other.query(take, [key])
    const answer = ask()
    await until('it waits for the row', () => isBlocked(key))
    await other.query('commit')
    other.release()
    return answer
  }

  it('a permit that was granted while a row was waited for is not granted again', async () => {
    const name = `${isolation} permit`
    const backend = postgresRowsBackend({ pool: theirs(name), schema })
    const answer = await asked(name, () => backend.tryAcquire(permitOn(name), terms(MINUTE_MS)))
    expect(answer).toMatchObject({ granted: false })
  })

  it('a key whose dead are swept away is not free, where somebody has come meanwhile', async () => {
    const name = `${isolation} swept`
    const backend = postgresRowsBackend({ pool, schema })
    await backend.tryAcquire(permitOn(name), terms(MINUTE_MS))
    // Of the dead, nothing is left but that the key is marked.
    await pool.query(`delete from ${schema}.lease_parts where key = $1`, [name])
    const sweeper = await theirs(name).connect()
    await sweeper.query('begin')
    await sweeper.query('select 1')
    expect(await backend.tryAcquire(permitOn(name), terms(MINUTE_MS))).toMatchObject({ granted: true })
    await prune(sweeper, { schema })
    await sweeper.query('commit')
    sweeper.release()
    expect(await backend.tryAcquire(claimOn(name), terms(MINUTE_MS))).toMatchObject({ granted: false })
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
