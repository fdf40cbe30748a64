import type { LockEvent, LocksOptions } from '@leasehold/core'
import { createLocks } from '@leasehold/core'
import type pg from 'pg'
import { postgresAdvisory } from '../src/index.ts'

type Options = Parameters<typeof postgresAdvisory>[0]

/** Locks on advisory locks, and what they told; the server knows their connections by `name`. */
export function openAdvisory(url: string, name: string, options: Partial<Options & LocksOptions> = {}) {
  const { schema, maxHeld, ...engine } = options
  const events: LockEvent[] = []
  const backend = postgresAdvisory({
    connection: { connectionString: url, application_name: name },
    ...(schema !== undefined && { schema }),
    ...(maxHeld !== undefined && { maxHeld }),
  })
  const locks = createLocks(backend, { ...engine, onEvent: (event) => void events.push(event) })
  const lostKeys = (): string[] => events.filter(({ type }) => type === 'lost').map(({ key }) => key ?? '')
  return { backend, locks, events, lostKeys }
}

/** The processes of the server that serve connections of this name. */
export async function sessionsOf(pool: pg.Pool, name: string): Promise<number[]> {
  const { rows } = await pool.query<{ pid: number }>('select pid from pg_stat_activity where application_name = $1', [
    name,
  ])
  return rows.map(({ pid }) => pid)
}
