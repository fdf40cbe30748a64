import type { CloseReport, ReleaseOutcome } from '../api.ts'
import { closedError, type LeaseholdError } from '../errors.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { ask } from './requests.ts'

/** Ends waits, releases leases, those of a `run` when its work has ended, waits for what is under way, and then closes the backend. */
export async function close(hall: LockHall, drainMs: number): Promise<CloseReport> {
  const { bench, unreleased } = hall
  const { backend, scheduler, outstanding, works } = bench
  bench.closed = true
  const closed = closedError()
  hall.giveUpAll(closed)
  const atWork = hall.holds.filter((hold) => hold.isAtWork)
  const releasing = takeBack(
    hall.holds.filter((hold) => !hold.isAtWork),
    closed,
  )
  for (const hold of atWork) hold.warning.warn(closed)
  // Whoever comes next must not begin while the work goes on.
  await Promise.race([works.none(), scheduler.pause(drainMs)])
  const overdue = hall.holds
  const worked = atWork.filter(({ state }) => state === 'released').map((hold) => hold.release())
  const ends = await Promise.all([releasing, Promise.allSettled(worked), takeBack(overdue, closed)])
  await outstanding.none()
  const released = ends.flat().filter((end) => end.status === 'fulfilled' && end.value === 'released').length
  const closing = ask(bench, {
    what: 'close',
    claims: [],
    timeoutMs: bench.options.requestTimeoutMs,
    send: async () => backend.close?.(),
  })
  const backendError = await closing.then(
    () => undefined,
    (error: LeaseholdError) => error,
  )
  scheduler.stop()
  outstanding.stop()
  works.stop()
  return { released, interrupted: overdue.map(({ key }) => key), unreleased, backendError }
}

/** All have ended before the first holder is told: a listener finds nothing left to hand off or release. What fails meanwhile waits to be counted. */
function takeBack(holds: readonly Hold[], reason: LeaseholdError): Promise<PromiseSettledResult<ReleaseOutcome>[]> {
  const releasing = holds.map((hold) => hold.release())
  for (const hold of holds) hold.cutShort(reason)
  return Promise.allSettled(releasing)
}
