import { createLocks } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'

const locks = createLocks(memoryBackend())

/** Called by the same schedule on every machine: one of them does the work. */
export async function nightly(tick: string): Promise<boolean> {
  // Longer than the machines' clocks differ: the one that is a second late finds the lock held.
  const lease = await locks.named(`nightly ${tick}`).tryAcquire({ ttlMs: 60_000, minHoldMs: 30_000 })
  if (lease === null) return false
  await lease.run(() => report(tick))
  return true
}

export const reports: string[] = []

async function report(tick: string): Promise<void> {
  reports.push(tick)
}

export const done = (): Promise<unknown> => locks.close()
