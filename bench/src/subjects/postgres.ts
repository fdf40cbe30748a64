import { createHash, randomBytes } from 'node:crypto'
import { createLocks } from '@leasehold/core'
import { migrate, postgresAdvisoryBackend, postgresRowsBackend } from '@leasehold/postgres'
import { startPostgres } from '@leasehold/test-services'
import pg from 'pg'
import type { Raw, RunningServer, Subject } from '../subject.ts'

const BATON = 1
const LOCK = `select case when pg_try_advisory_lock($1) then nextval('raw_tokens') end`

async function start(): Promise<RunningServer> {
  const server = await startPostgres({ own: true, settings: { max_connections: 200 } })
  const pool = new pg.Pool({ connectionString: server.url, max: 1 })
  await migrate(pool)
  await pool.query('create table raw_rows (key text primary key, holder text, token bigint)')
  await pool.query('create sequence raw_tokens')
  await pool.end()
  return server
}

/** A pool that has ended does not wait for its connections to end: they may see the server stop. */
function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 8 })
  pool.on('error', () => {})
  return pool
}

async function client(url: string): Promise<pg.Client> {
  const connected = new pg.Client(url)
  await connected.connect()
  return connected
}

/** What both kinds of locks are held against where somebody waits: Postgres' own queue. */
async function waiting(url: string): Promise<Required<Pick<Raw, 'handover' | 'crowd' | 'close'>>> {
  const [one, other, observer] = [await client(url), await client(url), await client(url)]
  return {
    async handover(idle) {
      await one.query('select pg_advisory_lock($1)', [BATON])
      const taken = other.query('select pg_advisory_lock($1)', [BATON]).then(() => performance.now())
      const isStanding = `select 1 from pg_locks where locktype = 'advisory' and not granted`
      while ((await observer.query(isStanding)).rows.length === 0);
      await idle()
      const givenMs = performance.now()
      await one.query('select pg_advisory_unlock($1)', [BATON])
      const tookMs = (await taken) - givenMs
      await other.query('select pg_advisory_unlock($1)', [BATON])
      return tookMs
    },
    async crowd(callers, turn, stopped) {
      const contend = async (caller: number) => {
        const own = await client(url)
        while (!stopped()) {
          await own.query('select pg_advisory_lock($1)', [BATON])
          turn(caller)
          await own.query('select pg_advisory_unlock($1)', [BATON])
        }
        await own.end()
      }
      await Promise.all(Array.from({ length: callers }, (_, caller) => contend(caller)))
    },
    close: async () => void (await Promise.all([one.end(), other.end(), observer.end()])),
  }
}

export const postgresRowsSubject: Subject = {
  name: 'postgres-rows',
  limit: 'two updates of a row, with nextval; pg_advisory_lock passes the baton',
  goals: { sequential: { most: 0.9 }, atOnce: { least: 2 }, crowd: { least: 1 } },
  start,
  locks(url) {
    const pool = openPool(url)
    const backend = postgresRowsBackend({ pool, listen: () => new pg.Client(url) })
    // The pool is ours: the backend leaves it open, and its connections would break with the server.
    const close = async () => {
      await backend.close?.()
      await pool.end()
    }
    return createLocks({ ...backend, close })
  },
  async raw(url) {
    const pool = openPool(url)
    const push = await waiting(url)
    const acquire = `insert into raw_rows as mine values ($1, $2, nextval('raw_tokens')) on conflict (key) do update
      set holder = excluded.holder, token = nextval('raw_tokens') where mine.holder is null returning token`
    return {
      ...push,
      async cycle(key) {
        const holder = randomBytes(16).toString('hex')
        await pool.query(acquire, [key, holder])
        await pool.query('update raw_rows set holder = null where key = $1 and holder = $2', [key, holder])
      },
      close: async () => void (await Promise.all([pool.end(), push.close()])),
    }
  },
}

export const postgresAdvisorySubject: Subject = {
  name: 'postgres-advisory',
  limit:
    'pg_try_advisory_lock with nextval, and unlock, on one pipelined connection; pg_advisory_lock passes the baton',
  goals: { sequential: { most: 1.1 }, atOnce: { least: 1.2 }, handover: { most: 1.2 }, crowd: { least: 1.5 } },
  start,
  locks: (url) => createLocks(postgresAdvisoryBackend({ connection: url })),
  async raw(url) {
    const pipelined = new pg.Client({ connectionString: url, pipeline: true })
    await pipelined.connect()
    const push = await waiting(url)
    return {
      ...push,
      async cycle(key) {
        const place = String(createHash('sha256').update(key).digest().readBigInt64BE())
        await pipelined.query({ name: 'lock', text: LOCK, values: [place] })
        await pipelined.query({ name: 'unlock', text: 'select pg_advisory_unlock($1)', values: [place] })
      },
      close: async () => void (await Promise.all([pipelined.end(), push.close()])),
    }
  },
}
