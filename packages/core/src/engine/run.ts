import type { ReleaseOutcome } from '../api.ts'
import { leaseError } from '../errors.ts'
import type { Hold } from './hold.ts'
import type { HallOfHolds } from './hold-keeper.ts'
import { workUnder } from './holding-context.ts'
import { inspect } from './inspect.ts'

/** Works under leases and gives them up. Resolves only where they were valid to the end of the work, or given up by it with nobody after it. */
export async function run<T>(hall: HallOfHolds<Hold>, holds: readonly Hold[], work: () => Promise<T> | T): Promise<T> {
  const { runs, works } = hall
  // The same leases may have several.
  const under = [...holds]
  let early: readonly Hold[] = []
  let ends: readonly (ReleaseOutcome | undefined)[]
  let result: T
  works.begin()
  runs.add(under)
  try {
    // One that has just been granted may have been taken back by `close`.
    for (const hold of holds) hold.assertValid()
    result = await workUnder(holds, work)
  } finally {
    early = holds.filter(({ state }) => state === 'released')
    runs.delete(under)
    // An error here has reached the observer; it must not replace what the work returned or threw.
    const giving = holds.map((hold) => hold.giveUp().catch(() => undefined))
    works.end()
    ends = await Promise.all(giving)
  }
  for (const [index, { key, interruption }] of holds.entries()) {
    if (interruption) throw interruption
    if (ends[index] === 'lost') throw leaseError('LEASE_LOST', key, 'is lost: its work outlived it')
  }
  for (const hold of early) await assertNoSuccessor(hall, hold)
  return result
}

export const isAtWork = ({ runs }: HallOfHolds<Hold>, hold: Hold): boolean =>
  [...runs].some((under) => under.includes(hold))

/** Work that has released its lease may go on, as long as nobody else is at work. That is looked for, as far as the backend can tell. */
async function assertNoSuccessor(hall: HallOfHolds<Hold>, hold: Hold): Promise<void> {
  const { key } = hold
  const overtaken = await inspect(hall, key, (found) =>
    found.some((next) => next.fencingToken > hold.fencingToken && !hall.shares?.standTogether(hold, next)),
  ).catch(() => false)
  if (overtaken) throw leaseError('LEASE_ENDED', key, 'was released by its work, and somebody else has it')
}
