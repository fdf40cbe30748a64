import { setTimeout as pause } from 'node:timers/promises'
import type { Locks } from '@leasehold/core'
import type { Effort } from './effort.ts'
import { type Compared, compared, median } from './statistics.ts'
import type { Raw } from './subject.ts'

/** For the waiter to be in line at the server, where nothing tells that it is. Not measured; what comes after it is slower than in a busy loop, for both sides. */
const arrival = () => pause(30)

/** Median milliseconds from when a release is called to when the waiter of another client has its lease. */
export async function handover(
  one: Locks,
  other: Locks,
  raw: NonNullable<Raw['handover']>,
  { rounds, handovers }: Effort,
): Promise<Compared> {
  const measured = []
  for (let i = 0; i <= rounds; i += 1) {
    const ours: number[] = []
    const limit: number[] = []
    for (let turn = 0; turn < handovers / rounds; turn += 1) {
      ours.push(await passed(one, other, `handover:${i}`))
      limit.push(await raw(arrival))
    }
    // The first warms up.
    if (i > 0) measured.push({ ours: median(ours), limit: median(limit) })
  }
  return compared(measured)
}

async function passed(one: Locks, other: Locks, key: string): Promise<number> {
  const lease = await one.named(key).acquire()
  const waiting = other.named(key).acquire()
  const taken = waiting.then(() => performance.now())
  await arrival()
  const givenMs = performance.now()
  const [takenMs] = await Promise.all([taken, lease.release()])
  await (await waiting).release()
  return takenMs - givenMs
}
