import type { Clock, Renewal, RenewedClaim } from '@leasehold/core'
import type { Part } from '../parts.ts'

/** All parts at once. One that says nothing in time, or fails, is unknown; where all of them fail, so it is said. */
export async function renewParts(
  parts: readonly Part<RenewedClaim>[],
  renew: (part: Part<RenewedClaim>) => Promise<readonly Renewal[]>,
  clock: Clock,
  patienceMs: number,
): Promise<readonly Renewal[]> {
  const renewals: Renewal[] = parts.flatMap(({ claims }) => claims.map(() => 'unknown' as const))
  const failures: unknown[] = []
  let answered = 0
  const asked = parts.map(async (part) => {
    try {
      const answers = await renew(part)
      answered += 1
      for (const [nth, index] of part.indices.entries()) renewals[index] = answers[nth] as Renewal
    } catch (error) {
      failures.push(error)
    }
  })
  const all = Promise.all(asked)
  await Promise.race([all, elapsed(clock, patienceMs, all)])
  if (answered === 0) await all
  if (answered === 0 && failures.length > 0) throw failures[0]
  return [...renewals]
}

const elapsed = (clock: Clock, ms: number, orElse: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.setTimer(ms, resolve)
    void orElse.then(cancel)
  })
