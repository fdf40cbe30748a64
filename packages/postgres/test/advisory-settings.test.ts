import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { postgresAdvisoryBackend } from '../src/index.ts'
import { TOKEN_STEP } from '../src/sql/table-sql.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const TERMS = terms(60_000)

function open(name: string, options = '') {
  const connection = { connectionString: url, application_name: name, options }
  const backend = postgresAdvisoryBackend({ connection, schema })
  onTestFinished(() => backend.close?.())
  return backend
}

/** How often a token was drawn, counted from some time on. */
const drawn = async (): Promise<number> =>
  Number((await pool.query(`select last_value from ${schema}.fencing_tokens`)).rows[0].last_value) / TOKEN_STEP

const marks = async (): Promise<number> =>
  (await pool.query(`select from pg_locks where locktype = 'advisory' and objsubid = 2`)).rowCount ?? 0

describe('advisory locks', () => {
  it('work where transactions are serializable by default, and lose no connection by it', async () => {
    const strict = '-c default_transaction_isolation=serializable -c default_transaction_deferrable=on'
    const backends = [0, 1].map((index) => open(`strict ${index}`, strict))
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const [backend, claim] = [backends[index % 2], claimOn(`strict ${index}`)]
        expect(await backend?.tryAcquire(claim, TERMS)).toMatchObject({ granted: true })
        expect(await backend?.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([{ granted: true }])
        expect(await backend?.release(claim)).toBe(true)
      }),
    )
    const sessions = `select from pg_stat_activity where application_name like 'strict %'`
    expect((await pool.query(sessions)).rowCount).toBe(2)
  })

  it('throw away, when the first session comes, more tokens than all sessions can have drawn that are not on disk', async () => {
    await until('no session is left of other tests', async () => (await marks()) === 0)
    const { rows } = await pool.query('show max_connections')
    const before = await drawn()
    const [first, second] = [open('first'), open('second')]
    await first.tryAcquire(claimOn('first'), TERMS)
    const after = await drawn()
    expect(after - before).toBeGreaterThan(33 * rows[0].max_connections)
    await second.tryAcquire(claimOn('second'), TERMS)
    expect((await drawn()) - after).toBe(1)
    expect(await marks()).toBe(2)
  })

  it('do so once, when many sessions come at once', async () => {
    await until('no session is left of other tests', async () => (await marks()) === 0)
    const { rows } = await pool.query('show max_connections')
    const before = await drawn()
    const claims = Array.from({ length: 12 }, (_, index) => claimOn(`at once ${index}`))
    await Promise.all(claims.map((claim) => open('at once').tryAcquire(claim, TERMS)))
    expect((await drawn()) - before).toBe(66 * rows[0].max_connections + claims.length)
  })
})

describe('the tokens of a schema that is made anew', () => {
  it('are beyond those that were drawn before', async () => {
    const backend = open('before')
    const claim = claimOn('anew')
    const grant = await backend.tryAcquire(claim, TERMS)
    const { rows } = await pool.query('select extract(epoch from clock_timestamp()) * 1000000 as now')
    const token = grant.granted ? grant.fencingToken : 0n
    expect(token).toBeGreaterThan(BigInt(Math.floor(rows[0].now)) - 3_600_000_000n)
    // Those that were thrown away count, too.
    expect(token).toBeLessThan(BigInt(Math.ceil(rows[0].now)) + 3_600_000_000n)
  })
})
