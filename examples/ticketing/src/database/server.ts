import pg from 'pg'
import { type Database, DatabaseUnavailable, type Sql } from './database.ts'
import { Listener } from './listener.ts'
import { SCHEMA } from './schema.ts'

const CONNECTIONS = 12
const DEADLOCK = '40P01'

/**
 * A Postgres server, shared by every node that is given its address. A transaction in which nothing happens for `longestIdleMs` is ended by the
 * server: a process that froze in the middle keeps its rows locked for no longer. 0: for as long as it likes.
 */
export async function openDatabaseServer(url: string, longestIdleMs: number): Promise<Database> {
  const options = `-c search_path=${SCHEMA} -c idle_in_transaction_session_timeout=${longestIdleMs}`
  const settings = { connectionString: url, keepAlive: true, options }
  const pool = new pg.Pool({ ...settings, max: CONNECTIONS })
  // A connection that breaks while nobody uses it is replaced; where one is in use, its query says so.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const listeners: Listener[] = []
  return {
    ...overConnection(pool),
    transaction: (work) => retried(() => transaction(pool, work)),
    async listen(channel, tell) {
      const listener = new Listener(() => new pg.Client(settings), channel, tell)
      listeners.push(listener)
      await listener.listening
    },
    async close() {
      await Promise.all(listeners.map((listener) => listener.close()))
      await pool.end()
    },
  }
}

const overConnection = (connection: Pick<pg.ClientBase, 'query'>): Sql => ({
  query: async <Row>(text: string, params: readonly unknown[] = []) =>
    (await connection.query(text, [...params]).catch(failed)).rows as Row[],
})

/** An error of a statement is the database's answer. Any other ends the connection, or is that there is none. */
function failed(error: Error): never {
  if (error instanceof pg.DatabaseError && error.severity === 'ERROR') throw error
  throw new DatabaseUnavailable('The connection to the database broke.', { cause: error })
}

async function transaction(pool: pg.Pool, work: (sql: Sql) => Promise<boolean>): Promise<boolean> {
  const client = await pool.connect().catch(failed)
  const sql = overConnection(client)
  let broken: Error | undefined
  try {
    await sql.query('begin')
    const commit = await work(sql)
    await sql.query(commit ? 'commit' : 'rollback')
    return commit
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    client.release(broken)
  }
}

/** Of transactions that wait for each other's rows, Postgres ends one, of which nothing remains: it may come again. */
async function retried(attempt: () => Promise<boolean>): Promise<boolean> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if ((error as { code?: unknown }).code !== DEADLOCK) throw error
    }
  }
}
