import type { PostgresSessionClient } from '../postgres-shapes.ts'
import { quotedSchema } from '../schema-name.ts'

/** Makes a client that is not connected yet. */
export type ConnectSession = () => PostgresSessionClient | Promise<PostgresSessionClient>

export interface PostgresAdvisoryBackendOptions {
  /**
   * How to reach the server itself: an address, the settings of a `pg.Client`, or a function that makes a client which is not connected
   * yet, such as `() => new pg.Client({ connectionString, pipeline: true })`. A connection pooler must not stand between.
   */
  readonly connection: string | object | ConnectSession
  /** Where `migrate` or `leasehold-postgres schema` put the sequence of tokens. Default `leasehold`. */
  readonly schema?: string
  /**
   * How many locks may be held at once, 1 to 1000000; more are refused with `LIMIT_REACHED`. All processes together must fit into the server's
   * lock table: about 12,000 with its default settings, see `max_locks_per_transaction`. Default 5000.
   */
  readonly maxHeld?: number
}

interface Parsed {
  readonly connect: ConnectSession
  readonly schema: string
  readonly maxHeld: number
}

const MOST_HELD = 1_000_000

/** What `pg` understands: a URL, or the path of a socket. */
const ADDRESS = /^(postgres(ql)?:\/\/|socket:|\/)/

export function parseAdvisory({ connection, schema, maxHeld = 5000 }: PostgresAdvisoryBackendOptions): Parsed {
  if (!Number.isInteger(maxHeld) || maxHeld < 1 || maxHeld > MOST_HELD) {
    throw new RangeError(`maxHeld must be a whole number from 1 to ${MOST_HELD}; got ${String(maxHeld)}`)
  }
  return { connect: parseConnection(connection), schema: quotedSchema(schema), maxHeld }
}

function parseConnection(connection: unknown): ConnectSession {
  if (typeof connection === 'function') return connection as ConnectSession
  // `pg` would take anything else for the name of a database on a host called "base".
  if (typeof connection === 'string' && ADDRESS.test(connection)) return clientOf({ connectionString: connection })
  if (typeof connection === 'object' && connection !== null) return clientOf(connection)
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
