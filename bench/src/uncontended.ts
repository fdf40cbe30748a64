import type { Locks } from '@leasehold/core'
import type { Effort } from './effort.ts'
import { type Compared, compared, median } from './statistics.ts'
import type { Raw } from './subject.ts'

const AT_ONCE = 64

type Cycle = (key: string) => Promise<unknown>

export interface Uncontended {
  readonly sequential: Compared
  readonly atOnce: Compared
}

/** Slices of time before it counts, for what is compiled at its first uses. */
const WARM_UP = 3

/**
 * Both sides take turns in short slices, one after another and 64 at once, so that each begins with the caches as the others have left them, as a program does that has
 * something else to do, and a machine whose speed drifts harms all alike.
 */
export async function uncontended(locks: Locks, raw: Raw, { slices, sliceMs }: Effort): Promise<Uncontended> {
  const ours: Cycle = async (key) => {
    const lease = await locks.named(key).acquire()
    await lease.release()
  }
  const limit: Cycle = (key) => raw.cycle(key)
  const limitAtOnce: Cycle = (key) => raw.cycleAtOnce?.(key) ?? raw.cycle(key)
  const one = []
  const many = []
  for (let i = -WARM_UP; i < slices; i += 1) {
    const times = { ours: await sequential(ours, sliceMs), limit: await sequential(limit, sliceMs) }
    const rates = { ours: await atOnce(ours, sliceMs), limit: await atOnce(limitAtOnce, sliceMs) }
    if (i < 0) continue
    one.push(times)
    many.push(rates)
  }
  return { sequential: compared(one), atOnce: compared(many) }
}

/** Median milliseconds of one acquire and release, one after another. */
async function sequential(cycle: Cycle, sliceMs: number): Promise<number> {
  const durations: number[] = []
  const endMs = performance.now() + sliceMs
  for (let i = 0; performance.now() < endMs; i += 1) {
    const startedMs = performance.now()
    await cycle(`sequential:${i % 100}`)
    durations.push(performance.now() - startedMs)
  }
  return median(durations)
}

/** Acquires and releases in a second, with 64 under way. */
async function atOnce(cycle: Cycle, sliceMs: number): Promise<number> {
  let cycles = 0
  const startedMs = performance.now()
  const work = async (worker: number) => {
    for (; performance.now() - startedMs < sliceMs; cycles += 1) await cycle(`at-once:${worker}`)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, worker) => work(worker)))
  return (cycles * 1000) / (performance.now() - startedMs)
}
