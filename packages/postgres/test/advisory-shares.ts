import type { Claim, Grant, LockBackend } from '@leasehold/core'
import type pg from 'pg'
import { expect, onTestFinished } from 'vitest'
import { openAdvisory } from './advisory.ts'
import { claimOn, terms } from './database.ts'

export const readerOn = (key: string): Claim => ({ ...claimOn(key), share: { kind: 'shared' } })

/** Opens clients for one test, whose sessions the server knows by their names. */
export const opensIn =
  (url: string, schema: string) =>
  (name: string): LockBackend => {
    const { backend, locks } = openAdvisory(url, name, { schema })
    onTestFinished(() => void locks.close())
    return backend
  }

/** A claim that was granted at once. */
export async function granted(backend: LockBackend, claim: Claim, ttlMs = 60_000): Promise<Claim & Grant> {
  const answer = await backend.tryAcquire(claim, terms(ttlMs))
  expect(answer).toMatchObject({ granted: true })
  return { ...claim, ...(answer as Grant) }
}

/** How many advisory locks of a mode the sessions of this name have on places. */
export async function locksOf(pool: pg.Pool, name: string, mode: 'ShareLock' | 'ExclusiveLock'): Promise<number> {
  const { rows } = await pool.query(
    `select from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and objsubid = 1 and granted and mode = $2 and application_name = $1`,
    [name, mode],
  )
  return rows.length
}

/** Stands in line, or hears of releases. */
export function waiting(backend: LockBackend, claim: Claim): Promise<Grant | undefined> | undefined {
  const turn = backend.waitForTurn?.(claim, terms(60_000), new AbortController().signal)
  turn?.catch(() => {})
  return turn
}

/** What a wait has brought, for all of the TTL. */
export async function hasTurn(backend: LockBackend, claim: Claim, turn: ReturnType<typeof waiting>) {
  await turn
  const grant = await granted(backend, claim)
  expect(await backend.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([{ granted: true }])
  return grant
}
