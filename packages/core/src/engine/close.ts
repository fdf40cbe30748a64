import type { CloseReport } from '../api.ts'
import { closedError, type LeaseholdError } from '../errors.ts'
import type { LockHall } from './hall.ts'

/** Ends waits, releases leases, waits for what is under way, and then closes the backend. */
export async function close(hall: LockHall): Promise<CloseReport> {
  const { bench, requests, unreleased } = hall
  const { backend, options, scheduler, outstanding } = bench
  bench.closed = true
  const closed = closedError()
  hall.giveUpAll(closed)
  const held = hall.holds
  // All have ended before the first holder is told: a listener finds nothing left to hand off or release.
  const releasing = held.map((hold) => hold.release())
  for (const hold of held) hold.cutShort(closed)
  const releases = await Promise.allSettled(releasing)
  await outstanding.none()
  const released = releases.filter((end) => end.status === 'fulfilled' && end.value).length
  const closing = requests.ask({
    what: 'close',
    claims: [],
    timeoutMs: options.requestTimeoutMs,
    send: async () => backend.close?.(),
  })
  const backendError = await closing.then(
    () => undefined,
    (error: LeaseholdError) => error,
  )
  scheduler.stop()
  outstanding.stop()
  return { released, unreleased, backendError }
}
