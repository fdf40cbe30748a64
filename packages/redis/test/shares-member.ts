// One process of a crowd that shares a key: readers, writers, and those who take permits, again and again, until told to stop. It says what it has seen. Arguments: address, or those of a Cluster
// with commas between; key; name of the process; `quorum` where the addresses are of one.
import { createLocks, isLeaseholdError, type Lease, type LockBackend, semaphore, shared } from '@leasehold/core'
import type { HistoryEvent } from '@leasehold/core/conformance'
import { Cluster, Redis } from 'ioredis'
import { redisBackend, redisQuorumBackend } from '../src/index.ts'

const PERMITS = 3

const [url = '', key = '', name = '', setUp = ''] = process.argv.slice(2)
const isQuorum = setUp === 'quorum'

function backend(): LockBackend {
  const urls = url.split(',')
  const open = (each: string) => new Redis(each, { lazyConnect: true })
  if (isQuorum) return redisQuorumBackend({ clients: urls.map(open), durable: true })
  return redisBackend({ client: urls.length > 1 ? new Cluster(urls, { lazyConnect: true }) : open(url) })
}

const locks = createLocks(backend(), { ttlMs: 2000, waitMs: 60_000, whenHeld: 'wait' })
const events: HistoryEvent[] = []
const counts = { shared: 0, permits: 0, whole: 0 }
let stopped = false

type Kind = keyof typeof counts

const asking: Readonly<Record<Kind, (caller: number) => Promise<Lease>>> = {
  shared: () => shared(locks, key).acquire(),
  permits: (caller) => semaphore(locks, key, PERMITS).acquire({ permits: 1 + (caller % 2) }),
  whole: () => locks.named(key).acquire(),
}

async function contend(kind: Kind, caller: number): Promise<void> {
  for (let turn = 0; !stopped; turn += 1) {
    try {
      await visit(kind, caller, `${name} ${kind} ${caller}.${turn}`)
    } catch (error) {
      // The server may be out of reach for a while.
      if (!isLeaseholdError(error)) throw error
    }
  }
}

async function visit(kind: Kind, caller: number, lease: string): Promise<void> {
  const now = () => process.hrtime.bigint()
  events.push({ type: 'asked', lease, at: now() })
  await using held = await asking[kind](caller)
  const { fencingToken, slots, remainingMs } = held
  const at = now()
  const validUntil = at + BigInt(Math.max(0, Math.floor(remainingMs * 1_000_000)))
  const ofShare = { ...(kind === 'whole' ? {} : { kind }), ...(slots ? { slots } : {}) }
  events.push({ type: 'granted', lease, key, at, validUntil, fencingToken, ...ofShare })
  counts[kind] += 1
  process.send?.({ counts })
  await new Promise((resolve) => setTimeout(resolve, caller % 3))
  events.push({ type: 'ended', lease, at: now() })
}

async function crowd(): Promise<void> {
  // Nobody counts permits at a quorum.
  const permits = isQuorum ? [] : (['permits', 'permits', 'permits'] as const)
  const kinds = ['shared', 'shared', 'shared', ...permits, 'whole'] as const
  await Promise.all(kinds.map(contend))
  await locks.close()
  // Numbers of 64 bits are no JSON.
  const history = JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
  // What is not yet written would be lost.
  process.send?.({ history }, () => process.disconnect())
}

process.on('message', (message) => {
  if ((message as { word: string }).word === 'stop') stopped = true
  else void crowd()
})

await locks.named(key).inspect()
process.send?.({ ready: true })
