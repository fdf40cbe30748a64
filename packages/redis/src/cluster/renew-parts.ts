import type { Claim, Clock, Renewal } from '@leasehold/core'
import { isHalfway } from './halfway.ts'
import type { Part } from './parts.ts'

type Renew = (claims: readonly Claim[]) => Promise<readonly Renewal[]>

/** All parts at once. One that says nothing in time, or fails, is unknown; where all of them fail, so it is said. */
export async function renewParts(
  parts: readonly Part[],
  renew: Renew,
  clock: Clock,
  patienceMs: number,
): Promise<readonly Renewal[]> {
  const renewals: Renewal[] = parts.flatMap(({ claims }) => claims.map(() => 'unknown' as const))
  const failures: unknown[] = []
  let answered = 0
  const asked = parts.map(async ({ claims, indices }) => {
    try {
      const answers = await renewPart(claims, renew)
      answered += 1
      for (const [nth, index] of indices.entries()) renewals[index] = answers[nth] as Renewal
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

/** While a slot is on its way, only what names one of its keys is always served: nothing was renewed, so each is asked for by itself. */
async function renewPart(claims: readonly Claim[], renew: Renew): Promise<readonly Renewal[]> {
  try {
    return await renew(claims)
  } catch (error) {
    if (!isHalfway(error)) throw error
    const alone = claims.map((claim) => renew([claim]).catch(() => ['unknown' as const]))
    return (await Promise.all(alone)).flat()
  }
}

const elapsed = (clock: Clock, ms: number, orElse: Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const cancel = clock.setTimer(ms, resolve)
    void orElse.then(cancel)
  })
