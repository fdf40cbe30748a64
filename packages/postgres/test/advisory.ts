import type { LockEvent, Locks, LocksOptions } from '@leasehold/core'
import { createLocks } from '@leasehold/core'
import pg from 'pg'
import { postgresAdvisoryBackend } from '../src/index.ts'

type Options = Parameters<typeof postgresAdvisoryBackend>[0]

/** Locks on advisory locks, and what they told; the server knows their connections by `name`. */
export function openAdvisory(url: string, name: string, options: Partial<Options & LocksOptions> = {}) {
  const { schema, maxHeld, ...engine } = options
  const events: LockEvent[] = []
  const backend = postgresAdvisoryBackend({
    connection: { connectionString: url, application_name: name },
    ...(schema !== undefined && { schema }),
    ...(maxHeld !== undefined && { maxHeld }),
  })
  const locks = createLocks(backend, {
    ...engine,
    onEvent(event) {
      events.push(event)
      engine.onEvent?.(event)
    },
  })
  const lostKeys = (): string[] => events.filter(({ type }) => type === 'lost').map(({ key }) => key ?? '')
  return { backend, locks, events, lostKeys }
}

export interface Sent {
  readonly name?: string
  readonly text: string
}

/** A quiet wait has no name, and neither has what is sent to make a session fit. */
export const nameOf = ({ name, text }: Sent): string => {
  if (text.startsWith('do $$')) return text.includes('lock_shared(') ? 'wait_shared' : 'wait'
  return name?.replace('leasehold_', '') ?? ''
}

/** What becomes of a statement on its way. */
type Alter = (statement: string, send: () => Promise<pg.QueryResult>, client: pg.Client) => Promise<pg.QueryResult>

/** A backend whose statements go through `alter`; its clients are noted. */
export function openAltered(url: string, schema: string, name: string, alter: Alter, clients: pg.Client[] = []) {
  const connection = () => {
    const client = new pg.Client({ connectionString: url, application_name: name, pipeline: true })
    clients.push(client)
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryResult>
    const altered = (statement: Sent, ...rest: unknown[]) =>
      alter(nameOf(statement), () => query(statement, ...rest), client)
    return Object.assign(client, { query: altered as never })
  }
  return postgresAdvisoryBackend({ connection, schema })
}

/** Waits for the key, for as long as the test takes, and keeps it then. */
export function wants(locks: Locks, key: string): void {
  locks
    .named(key)
    .acquire({ waitMs: 60_000 })
    .catch(() => {})
}

/** The sessions of this name that stand in the server's line. */
export async function standingSessions(pool: pg.Pool, name: string): Promise<number[]> {
  const { rows } = await pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock' and wait_event = 'advisory'`,
    [name],
  )
  return rows.map(({ pid }) => pid)
}

/** How many they are. */
export const standing = async (pool: pg.Pool, name: string): Promise<number> =>
  (await standingSessions(pool, name)).length

/** The processes of the server that serve connections of this name. */
export async function sessionsOf(pool: pg.Pool, name: string): Promise<number[]> {
  const { rows } = await pool.query<{ pid: number }>('select pid from pg_stat_activity where application_name = $1', [
    name,
  ])
  return rows.map(({ pid }) => pid)
}

/** Something to wait for until it is let go. */
export function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
