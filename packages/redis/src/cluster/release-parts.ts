import type { Claim } from '@leasehold/core'
import type { Part } from './parts.ts'

/** All parts at once. Rejects where one of them has no answer. */
export async function releaseParts(
  parts: readonly Part<Claim>[],
  release: (part: Part<Claim>) => Promise<readonly boolean[]>,
): Promise<readonly boolean[]> {
  const ended: boolean[] = []
  const asked = parts.map(async (part) => {
    const answers = await release(part)
    for (const [nth, index] of part.indices.entries()) ended[index] = answers[nth] === true
  })
  await Promise.all(asked)
  return ended
}
