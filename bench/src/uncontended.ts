import type { Locks } from '@leasehold/core'
import type { Effort } from './effort.ts'
import { type Compared, compared, median } from './statistics.ts'
import type { Raw } from './subject.ts'

const AT_ONCE = 64

type Cycle = (key: string) => Promise<unknown>

const cycleOf =
  (locks: Locks): Cycle =>
  async (key) => {
    const lease = await locks.named(key).acquire()
    await lease.release()
  }

/** Median milliseconds of one acquire and release, one after another. */
export function sequential(locks: Locks, raw: Raw, { rounds, roundMs }: Effort): Promise<Compared> {
  const measure = async (cycle: Cycle): Promise<number> => {
    const durations: number[] = []
    const endMs = performance.now() + roundMs
    for (let i = 0; performance.now() < endMs; i += 1) {
      const startedMs = performance.now()
      await cycle(`sequential:${i % 100}`)
      durations.push(performance.now() - startedMs)
    }
    return median(durations)
  }
  return sideBySide(
    rounds,
    () => measure(cycleOf(locks)),
    () => measure((key) => raw.cycle(key)),
  )
}

/** Acquires and releases in a second, with 64 under way. */
export function atOnce(locks: Locks, raw: Raw, { rounds, roundMs }: Effort): Promise<Compared> {
  const measure = async (cycle: Cycle): Promise<number> => {
    let cycles = 0
    const startedMs = performance.now()
    const work = async (worker: number) => {
      for (; performance.now() - startedMs < roundMs; cycles += 1) await cycle(`at-once:${worker}`)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, (_, worker) => work(worker)))
    return (cycles * 1000) / (performance.now() - startedMs)
  }
  const rawCycle: Cycle = (key) => raw.cycleAtOnce?.(key) ?? raw.cycle(key)
  return sideBySide(
    rounds,
    () => measure(cycleOf(locks)),
    () => measure(rawCycle),
  )
}

async function sideBySide(
  rounds: number,
  ours: () => Promise<number>,
  limit: () => Promise<number>,
): Promise<Compared> {
  await ours()
  await limit()
  const measured = []
  for (let i = 0; i < rounds; i += 1) measured.push({ ours: await ours(), limit: await limit() })
  return compared(measured)
}
