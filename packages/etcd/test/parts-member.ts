// One process of a crowd that wants all of one key, shares of it, and permits, again and again, until told to stop. Arguments: address, key.
import { type AcquireOptions, createLocks, type Lease, semaphore, shared } from '@leasehold/core'
import type { HistoryEvent } from '@leasehold/core/conformance'
import { etcdBackend } from '../src/index.ts'
import { notedOf } from './noted.ts'

const [hosts = '', key = ''] = process.argv.slice(2)
// Polls would hide a wake-up that was lost.
const locks = createLocks(etcdBackend({ hosts, minTtlMs: 1_000 }), { pollMs: 60_000 })
const PERMITS = 3
let stopped = false
let turns = 0

const note = (event: HistoryEvent) => process.send?.({ noted: notedOf(event) })

/** Resolves when it cannot be lost any more: this process may be killed. */
const noteForGood = (event: HistoryEvent) =>
  new Promise((resolve) => process.send?.({ noted: notedOf(event) }, undefined, undefined, resolve))

async function visit(
  name: string,
  kind: 'shared' | 'permits' | undefined,
  acquire: (options: AcquireOptions) => Promise<Lease>,
) {
  for (let round = 0; !stopped; round += 1) {
    const lease = `${process.pid}.${name}.${round}`
    note({ type: 'asked', lease, at: process.hrtime.bigint() })
    const held = await acquire({ ttlMs: 3_000, waitMs: 120_000 })
    const at = process.hrtime.bigint()
    const validUntil = at + BigInt(Math.round(held.remainingMs * 1_000_000))
    const { fencingToken, slots } = held
    note({ type: 'granted', lease, key, at, validUntil, fencingToken, ...(kind && { kind }), ...(slots && { slots }) })
    turns += 1
    process.send?.({ turns, kind: kind ?? 'all' })
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
    await noteForGood({ type: 'ended', lease, at: process.hrtime.bigint() })
    // Frozen meanwhile, it may have run out of time, which is no matter here.
    await held.release().catch(() => {})
  }
}

process.on('message', (message) => {
  if ((message as { word: string }).word === 'stop') stopped = true
  else void crowd()
})

async function crowd(): Promise<void> {
  const permits = semaphore(locks, key, PERMITS)
  await Promise.all([
    visit('reader 1', 'shared', (options) => shared(locks, key).acquire(options)),
    visit('reader 2', 'shared', (options) => shared(locks, key).acquire(options)),
    visit('writer', undefined, (options) => locks.named(key).acquire(options)),
    visit('one', 'permits', (options) => permits.acquire(options)),
    visit('another', 'permits', (options) => permits.acquire(options)),
    visit('two', 'permits', (options) => permits.acquire({ ...options, permits: 2 })),
  ])
  await locks.close()
  // What is not yet written would be lost.
  process.send?.({ done: true }, () => process.disconnect())
}

await locks.named(key).inspect()
process.send?.({ ready: true })
