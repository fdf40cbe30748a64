import type { Claim } from '@leasehold/core'

/** Claims on keys of one slot, with their places among all: one script serves them. */
export interface Part {
  readonly slot: number
  readonly claims: Claim[]
  readonly indices: number[]
}

export function partsOf(claims: readonly Claim[], slotOf: (claim: Claim) => number): Part[] {
  const parts = new Map<number, Part>()
  for (const [index, claim] of claims.entries()) {
    const slot = slotOf(claim)
    const part = parts.get(slot) ?? { slot, claims: [], indices: [] }
    parts.set(slot, part)
    part.claims.push(claim)
    part.indices.push(index)
  }
  return [...parts.values()]
}
