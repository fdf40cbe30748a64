// One process of a crowd: so many callers want the same key, again and again, until told to stop. Arguments: address, key, callers.
import { createLocks } from '@leasehold/core'
import { etcdBackend } from '../src/index.ts'

const [hosts = '', key = '', callers = '0'] = process.argv.slice(2)
// Polls would hide a wake-up that was lost.
const locks = createLocks(etcdBackend({ hosts, minTtlMs: 1_000 }), { pollMs: 60_000, whenHeld: 'wait' })
const lock = locks.named(key, { ttlMs: 30_000 })
const grants: (readonly [token: string, at: string])[] = []
const turns: number[] = Array.from({ length: Number(callers) }, () => 0)
let stopped = false

async function contend(caller: number): Promise<void> {
  while (!stopped) {
    await using lease = await lock.acquire({ waitMs: 120_000 })
    const at = process.hrtime.bigint()
    // Frozen between the two, this process notes a time at which others hold the key.
    if (lease.remainingMs > 0) grants.push([String(lease.fencingToken), String(at)])
    turns[caller] = (turns[caller] ?? 0) + 1
    process.send?.({ turns: grants.length })
  }
}

process.on('message', (message) => {
  if ((message as { word: string }).word === 'stop') stopped = true
  else void crowd()
})

async function crowd(): Promise<void> {
  await Promise.all(turns.map((_, caller) => contend(caller)))
  await locks.close()
  // What is not yet written would be lost.
  process.send?.({ grants, turnsOfCallers: turns }, () => process.disconnect())
}

await lock.inspect()
process.send?.({ ready: true })
