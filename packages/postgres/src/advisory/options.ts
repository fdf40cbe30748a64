import { assertSettings, newClients } from '../arguments.ts'
import type { PostgresSessionClient } from '../postgres-shapes.ts'
import { quotedSchema } from '../schema-name.ts'
import { HeldLimit } from './lock-room.ts'

/** Makes a client that is not connected yet. */
export type ConnectSession = () => PostgresSessionClient | Promise<PostgresSessionClient>

export interface PostgresAdvisoryBackendOptions {
  /**
   * How to reach the server itself: an address, the settings of a `pg.Client`, or a function that makes a client which is not connected
   * yet, such as `() => new pg.Client({ connectionString, pipeline: true })`. A connection pooler must not stand between, unless it is one of sessions.
   */
  readonly connection: string | object | ConnectSession
  /** Where `migrate` or `leasehold-postgres schema` put the sequence of tokens. Default `leasehold`. */
  readonly schema?: string | undefined
  /**
   * How many locks may be held at once, 1 to 1000000; more are refused with `LIMIT_REACHED`. All processes together must fit into the server's
   * lock table, see `max_locks_per_transaction`. Default: a quarter of what that is made for, 5000 at most; 1952 with the settings of a new server.
   */
  readonly maxHeld?: number | undefined
  /**
   * Your word that each connection keeps one session of Postgres for as long as it lasts, although it does not look so: through PgBouncer in session mode, a proxy that makes up process ids, or with a client that does
   * not tell its `processID`. Every answer then says which session gave it, and another one ends the connection. Default false.
   */
  readonly sessionPooler?: boolean | undefined
}

interface Parsed {
  readonly connect: ConnectSession
  readonly schema: string
  readonly limit: HeldLimit
  readonly isPooled: boolean
}

const MOST_HELD = 1_000_000

/** What `pg` understands: a URL, or the path of a socket. */
const ADDRESS = /^(postgres(ql)?:\/\/|socket:|\/)/

export function parseAdvisory(options: PostgresAdvisoryBackendOptions): Parsed {
  const { connection, schema, maxHeld, sessionPooler: isPooled = false } = options
  if (maxHeld !== undefined && !(Number.isInteger(maxHeld) && maxHeld >= 1 && maxHeld <= MOST_HELD)) {
    throw new RangeError(`maxHeld must be a whole number from 1 to ${MOST_HELD}; got ${String(maxHeld)}`)
  }
  if (typeof isPooled !== 'boolean') throw new TypeError('sessionPooler must be a boolean')
  return { connect: parseConnection(connection), schema: quotedSchema(schema), limit: new HeldLimit(maxHeld), isPooled }
}

function parseConnection(connection: unknown): ConnectSession {
  if (typeof connection === 'function') return newClients(connection as ConnectSession, 'connection')
  // `pg` would take anything else for the name of a database on a host called "base".
  if (typeof connection === 'string' && ADDRESS.test(connection)) return clientOf({ connectionString: connection })
  if (typeof connection === 'object' && connection !== null) {
    assertSettings(connection)
    return clientOf(connection)
  }
  throw new TypeError('connection must be an address (postgres://…), settings of pg, or a function that makes a client')
}

/** Loaded when the first lock is used, and only where no function makes the clients. */
const clientOf = (settings: object): ConnectSession => {
  const complete = { application_name: 'leasehold', keepAlive: true, ...settings, pipeline: true }
  return async () => {
    const { default: pg } = await import('pg')
    return new pg.Client(complete)
  }
}
