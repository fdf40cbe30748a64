// A process whose callers want parts of one key, or all of it, until it is told to stop; tells what happened. Arguments: address, schema, key, its name.
import { createLocks, type Lease, semaphore, shared } from '@leasehold/core'
import type { HistoryEvent } from '@leasehold/core/conformance'
import pg from 'pg'
import { postgresRowsBackend } from '../src/index.ts'

const [, , connectionString = '', schema = '', key = '', name = ''] = process.argv

process.once('disconnect', () => process.exit())
const pool = new pg.Pool({ connectionString, max: 4 })
pool.on('error', () => {})
const backend = postgresRowsBackend({ pool, schema, listen: () => new pg.Client({ connectionString }) })
const locks = createLocks(backend, { whenHeld: 'wait' })

const now = () => process.hrtime.bigint()
const lists = [
  () => shared(locks, key),
  () => semaphore(locks, key, 3),
  () => locks.named(key),
  () => semaphore(locks, key, 4),
  () => shared(locks, key),
]

let over = false
process.once('message', () => {
  over = true
})

/** The parent reads text; a bigint is none. */
const tell = (event: HistoryEvent) =>
  process.send?.(JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)))

function granted(lease: string, held: Lease, index: number): void {
  // Read in this order: a process that is stopped in between believes in less, and not in more.
  const at = now()
  const validUntil = at + BigInt(Math.floor(held.remainingMs * 1e6))
  const { fencingToken, slots } = held
  const kinds = [{ kind: 'shared' as const }, { kind: 'permits' as const, slots }, {}]
  tell({ type: 'granted', lease, key, at, validUntil, fencingToken, ...kinds[[0, 1, 2, 1, 0][index] as number] })
}

async function call(index: number): Promise<void> {
  for (let round = 0; !over; round += 1) {
    const lease = `${name}.${index}.${round}`
    tell({ type: 'asked', lease, at: now() })
    const permits = index === 3 ? { permits: 2 } : {}
    const held = await lists[index]?.()
      .acquire({ ttlMs: 1000, waitMs: 60_000, ...permits })
      .catch(() => undefined)
    if (!held) continue
    granted(lease, held, index)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5))
    tell({ type: 'ended', lease, at: now() })
    await held.release().catch(() => {})
  }
}

await Promise.all([call(0), call(1), call(2), call(3), call(4)])
await locks.close()
// What is not yet written would be lost.
process.send?.('done', () => process.disconnect())
