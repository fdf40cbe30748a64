import type { HistoryEvent } from '@leasehold/core/conformance'
import { openAdvisory } from './advisory.ts'
import type { Database } from './database.ts'

const CLIENTS = [0, 1, 2, 3]
const KEY = 'stormy'

/** Four clients want one advisory lock, until so many of their sessions were ended at random, and each had a turn afterwards. What happened. */
export async function storm({ pool, schema, url }: Database, endings: number): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = []
  const now = () => BigInt(Math.round(performance.now() * 1000))
  const clients = CLIENTS.map((index) => openAdvisory(url, `storm ${index}`, { schema, pollMs: 200 }))
  /** From then on the server may have given the locks of the session to others: this process hears of it a little later. */
  let terminatedAt = now()
  const visit = async ({ locks }: (typeof clients)[number], lease: string) => {
    events.push({ type: 'asked', lease, at: now() })
    const held = await locks.lock(KEY).acquire({ ttlMs: 2000, waitMs: 60_000, whenHeld: 'wait' })
    const validUntil = now() + BigInt(Math.floor(held.remainingMs * 1000))
    events.push({ type: 'granted', lease, key: KEY, at: now(), validUntil, fencingToken: held.fencingToken })
    held.signal.addEventListener('abort', () => events.push({ type: 'ended', lease, at: terminatedAt }))
    await new Promise((resolve) => setTimeout(resolve, 2))
    if (!held.signal.aborted) events.push({ type: 'ended', lease, at: now() })
    await held.release().catch(() => {})
  }
  let ended = 0
  let failed = false
  const all = Promise.all(
    clients.map(async (client, index) => {
      for (let times = 0; ended < endings; times += 1) await visit(client, `${index}.${times}`)
      await visit(client, `${index} afterwards`)
    }),
  )
  all.catch(() => {
    failed = true
  })
  for (let times = 0; ended < endings && !failed; times += 1) {
    await new Promise((resolve) => setTimeout(resolve, 150))
    terminatedAt = now()
    const { rows } = await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 order by random() limit 1`,
      [`storm ${times % CLIENTS.length}`],
    )
    ended += rows.length
  }
  await all
  await Promise.all(clients.map(({ locks }) => locks.close()))
  return events
}
