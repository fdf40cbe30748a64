import type { Claim } from '@leasehold/core'

/** Claims that one script serves, with their places among all: on keys of one slot, and all of them of shares, or none. */
export interface Part<C extends Claim> {
  /** Ascends with the slots. */
  readonly group: number
  readonly claims: C[]
  readonly indices: number[]
}

export function partsOf<C extends Claim>(claims: readonly C[], slotOf: (claim: C) => number): Part<C>[] {
  const parts = new Map<number, Part<C>>()
  for (const [index, claim] of claims.entries()) {
    const group = slotOf(claim) * 2 + (claim.share ? 1 : 0)
    const part = parts.get(group) ?? { group, claims: [], indices: [] }
    parts.set(group, part)
    part.claims.push(claim)
    part.indices.push(index)
  }
  return [...parts.values()]
}

/** Asks for all parts at once. The answers stand in the order of all claims. Rejects where one of the parts has none. */
export async function askParts<C extends Claim, A>(
  parts: readonly Part<C>[],
  ask: (part: Part<C>) => Promise<readonly A[]>,
): Promise<readonly A[]> {
  const all: A[] = []
  const asked = parts.map(async (part) => {
    const answers = await ask(part)
    for (const [nth, index] of part.indices.entries()) all[index] = answers[nth] as A
  })
  await Promise.all(asked)
  return all
}
