import type { CloseReport } from '../api.ts'
import { closedError, type LeaseholdError } from '../errors.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { ask } from './requests.ts'

/** Ends waits, releases leases, those of a `run` when its work has ended, waits for what is under way, and then closes the backend. */
export async function close(hall: LockHall, drainMs: number): Promise<CloseReport> {
  const { scheduler, outstanding, works, unreleased } = hall
  hall.closed = true
  const closed = closedError()
  hall.giveUpAll(closed)
  const { holds } = hall
  const working = new Set([...hall.runs].flat())
  takeBack(
    holds.filter((hold) => !working.has(hold)),
    closed,
  )
  for (const hold of holds) if (working.has(hold)) hold.warning.warn(closed)
  // Whoever comes next must not begin while the work goes on.
  await Promise.race([works.none(), scheduler.pause(drainMs)])
  const overdue = hall.holds
  takeBack(overdue, closed)
  await outstanding.none()
  const releases = holds.filter(({ state }) => state === 'released').map((hold) => hold.release())
  const ends = await Promise.allSettled(releases)
  const closing = ask(hall, {
    what: 'close',
    claims: [],
    send: async (backend) => backend.close?.(),
  })
  const backendError = await closing.then(
    () => undefined,
    (error: LeaseholdError) => error,
  )
  scheduler.stop()
  outstanding.stop()
  works.stop()
  return {
    released: ends.filter((end) => end.status === 'fulfilled' && end.value === 'released').length,
    interrupted: overdue.map(({ key }) => key),
    unreleased,
    backendError,
  }
}

/** All have ended before the first holder is told: a listener finds nothing left to hand off or release. What fails is counted later, and heard of now. */
function takeBack(holds: readonly Hold[], reason: LeaseholdError): void {
  for (const hold of holds) void hold.release().catch(() => {})
  for (const hold of holds) hold.cutShort(reason)
}
