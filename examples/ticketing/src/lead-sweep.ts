import { setTimeout as pause } from 'node:timers/promises'
import { election, type Locks } from '@leasehold/core'
import type { Sale } from './sale.ts'
import { repeat } from './sweep.ts'

/** Where this server is one of several: which sale they sweep, and how the others call it. */
export interface Sweeper {
  readonly locks: Locks
  readonly sale: Pick<Sale, 'name' | 'holdMs' | 'sweepMs'>
  readonly node: string
}

const SWEEP = ':sweep'

export const sweepKey = (sale: string): string => sale + SWEEP

export const isSweepKey = (key: string): boolean => key.endsWith(SWEEP)

/**
 * Of all servers of a sale one sweeps, the elected one. Where it dies or hangs, another goes on within the time of a hold. To sweep twice does no harm: the statements that end a hold look whether it has ended.
 * So the lead is for effort, and needs no fence. Returns how to stop; that waits for the last sweep.
 */
export function sweepWhileLeading({ locks, sale, node }: Sweeper, sweep: () => Promise<void>): () => Promise<void> {
  const stop = new AbortController()
  const leadership = election(locks, sweepKey(sale.name), { ttlMs: sale.holdMs, autoRenew: true })
  const lead = () =>
    leadership.run({ signal: stop.signal, value: { node } }, async (lease) => {
      const stopSweep = repeat(sweep, sale.sweepMs)
      await new Promise((resolve) => lease.signal.addEventListener('abort', resolve, { once: true }))
      await stopSweep()
    })
  const leading = (async () => {
    while (!stop.signal.aborted)
      await lead().catch((error: unknown) => {
        if (stop.signal.aborted) return undefined
        console.error(`Does not lead the sweep, and will try again: ${String(error)}`)
        return pause(sale.holdMs, undefined, { signal: stop.signal }).catch(() => {})
      })
  })()
  return () => {
    stop.abort()
    return leading
  }
}
