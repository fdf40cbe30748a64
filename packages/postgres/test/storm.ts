import { shared } from '@leasehold/core'
import type { HistoryEvent } from '@leasehold/core/conformance'
import { openAdvisory } from './advisory.ts'
import type { Database } from './database.ts'

const CLIENTS = [0, 1, 2, 3]
const KEY = 'stormy'

/**
 * Four clients want one advisory lock, until so many of their sessions were ended at random, and each had a turn afterwards. With so many readers to each, these want to share it beside the one
 * who wants all of it. What happened.
 */
export async function storm({ pool, schema, url }: Database, endings: number, readers = 0): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = []
  const now = () => BigInt(Math.round(performance.now() * 1000))
  const clients = CLIENTS.map((index) => openAdvisory(url, `storm ${index}`, { schema, pollMs: 200 }))
  /** When a session of each client was ended last. From then on the server may have given its locks to others: the process hears of it a little later, or when it has released. */
  const terminatedAt = CLIENTS.map(() => 0n)
  const visit = async (index: number, lease: string, reads = false) => {
    const { locks } = clients[index] as (typeof clients)[number]
    events.push({ type: 'asked', lease, at: now() })
    const lock = reads ? shared(locks, KEY) : locks.named(KEY)
    const held = await lock.acquire({ ttlMs: 2000, waitMs: 60_000, whenHeld: 'wait' })
    const validUntil = now() + BigInt(Math.floor(held.remainingMs * 1000))
    const grantedAt = now()
    const { fencingToken } = held
    const kind = reads ? { kind: 'shared' as const } : {}
    events.push({ type: 'granted', lease, key: KEY, at: grantedAt, validUntil, fencingToken, ...kind })
    const end = () => {
      const terminated = terminatedAt[index] ?? 0n
      events.push({ type: 'ended', lease, at: terminated > grantedAt ? terminated : now() })
    }
    held.signal.addEventListener('abort', end)
    await new Promise((resolve) => setTimeout(resolve, 2))
    if (!held.signal.aborted) end()
    await held.release().catch(() => {})
  }
  let ended = 0
  let failed = false
  const all = Promise.all(
    CLIENTS.flatMap((index) =>
      Array.from({ length: 1 + readers }, async (_, visitor) => {
        for (let times = 0; ended < endings; times += 1) await visit(index, `${index}.${visitor}.${times}`, visitor > 0)
        await visit(index, `${index}.${visitor} afterwards`, visitor > 0)
      }),
    ),
  )
  all.catch(() => {
    failed = true
  })
  for (let times = 0; ended < endings && !failed; times += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150))
    const index = times % CLIENTS.length
    terminatedAt[index] = now()
    const { rows } = await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 order by random() limit 1`,
      [`storm ${index}`],
    )
    ended += rows.length
  }
  await all
  await Promise.all(clients.map(({ locks }) => locks.close()))
  return events
}
