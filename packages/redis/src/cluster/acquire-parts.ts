import type { Claim, Contended, Grant } from '@leasehold/core'
import { type AskGrants, type Part, stepsOf } from '../parts.ts'

/**
 * One part after the other, in one order for everybody; what was taken is given back when a part cannot be. Also when that is refused: the engine takes it that then nothing took effect. And the
 * engine may have given up long ago, before the last part was asked for.
 */
export async function acquireParts(
  parts: readonly Part<Claim>[],
  acquire: AskGrants,
  release: (claims: readonly Claim[]) => Promise<unknown>,
): Promise<readonly Grant[] | Contended> {
  const grants: Grant[] = []
  const taken: (readonly Claim[])[] = []
  const steps = [...parts].sort((one, other) => one.group - other.group).flatMap(stepsOf)
  for (const { claims, indices } of steps) {
    const answer = await acquire(claims).catch(async (error: unknown) => {
      await Promise.allSettled([...taken, claims].map(release))
      throw error
    })
    if ('granted' in answer) {
      await Promise.all(taken.map(release))
      return answer
    }
    for (const [nth, index] of indices.entries()) grants[index] = answer[nth] as Grant
    taken.push(claims)
  }
  return grants
}
