// One process in a storm: it holds, waits, works and gives back, whatever happens. Arguments: its name, the addresses of the members, with commas between.
import { createLocks, isLeaseholdError, type Lease } from '@leasehold/core'
import type { HistoryEvent } from '@leasehold/core/conformance'
import { etcdBackend } from '../src/index.ts'
import { notedOf } from './noted.ts'
import type { Told } from './storm.ts'

const [name = '', hosts = ''] = process.argv.slice(2)
const SAMPLE_MS = 50

let stopped = false
/** Until when leases hold at least, by key and token. */
const trusted = new Map<string, number>()
const nameOf = ({ key, fencingToken }: { readonly key: string; readonly fencingToken: bigint }) =>
  `${key} ${fencingToken}`

// Nobody gives up before etcd's own deadline has passed; and polls would hide a wake-up that was lost.
const locks = createLocks(etcdBackend({ hosts: hosts.split(','), minTtlMs: 1_000, deadlineMs: 1_000 }), {
  ttlMs: 4_000,
  requestTimeoutMs: 1_500,
  pollMs: 60_000,
  onEvent(event) {
    if (event.type !== 'lost' || event.reason === 'expired') return
    const leftMs = (trusted.get(nameOf(event)) ?? 0) - performance.now()
    if (leftMs > 0) tell({ broken: `${name}: ${nameOf(event)} was lost (${event.reason}) ${leftMs} ms before its end` })
  },
})

const tell = (told: Told) => process.send?.(told)
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const note = (event: HistoryEvent) => tell({ noted: notedOf(event) })

function trust(lease: Lease): { readonly at: bigint; readonly validUntil: bigint } {
  const at = process.hrtime.bigint()
  const { remainingMs } = lease
  const validUntil = at + BigInt(Math.round(remainingMs * 1_000_000))
  trusted.set(nameOf(lease), performance.now() + remainingMs)
  return { at, validUntil }
}

let attempts = 0

/** Once: a turn, with its history. */
async function turn(key: string, holdMs: () => number): Promise<void> {
  attempts += 1
  const one = `${name}.${attempts}`
  note({ type: 'asked', lease: one, at: process.hrtime.bigint() })
  const lease = await locks.named(key).acquire({ waitMs: 60_000 })
  note({ type: 'granted', lease: one, key, fencingToken: lease.fencingToken, ...trust(lease) })
  const untilMs = performance.now() + holdMs()
  while (performance.now() < untilMs && !lease.signal.aborted && !stopped) {
    await pause(SAMPLE_MS)
    if (lease.remainingMs > 0) note({ type: 'renewed', lease: one, validUntil: trust(lease).validUntil })
  }
  note({ type: 'ended', lease: one, at: process.hrtime.bigint() })
  await lease.release().finally(() => trusted.delete(nameOf(lease)))
}

/** Work that ended in time is not reported as lost. */
async function work(key: string): Promise<void> {
  let validUntilMs = 0
  try {
    await locks.named(key).run({ waitMs: 60_000 }, async (lease) => {
      await pause(Math.random() * 20)
      validUntilMs = performance.now() + lease.remainingMs
    })
    tell({ worked: key })
  } catch (error) {
    const leftMs = validUntilMs - performance.now()
    if (isLeaseholdError(error, 'LEASE_LOST') && leftMs > 0)
      tell({ broken: `${name}: work on ${key} ended ${leftMs} ms before its end, and is told to be lost` })
    throw error
  }
}

async function again(step: () => Promise<void>): Promise<void> {
  while (!stopped) await step().catch(() => pause(20))
}

const times = (count: number, make: (i: number) => string) => Array.from({ length: count }, (_, i) => make(i))

/** Held as long as they last. */
const HELD = times(10, (i) => `held by ${name}: ${i}`)
/** By one process after another. */
const LONG = times(3, (i) => `long: ${i}`)
const BRIEF = times(2, (i) => `brief: ${i}`)
/** From caller to caller of this process. */
const WORKED = times(2, (i) => `worked by ${name}: ${i}`)

async function live(): Promise<void> {
  await Promise.all([
    ...HELD.map((key) => again(() => turn(key, () => Number.POSITIVE_INFINITY))),
    ...LONG.map((key) => again(() => turn(key, () => 200 + Math.random() * 800))),
    ...[...BRIEF, ...BRIEF].map((key) => again(() => turn(key, () => 0))),
    ...[...WORKED, ...WORKED, ...WORKED].map((key) => again(() => work(key))),
  ])
  await locks.close()
  // What is not yet written would be lost.
  process.send?.({ done: true } satisfies Told, () => process.disconnect())
}

process.on('message', (message) => {
  if ((message as { word: string }).word === 'stop') stopped = true
  else void live()
})

tell({ wants: [...HELD, ...LONG, ...BRIEF, ...WORKED] })
