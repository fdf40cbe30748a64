import type { Claim } from '@leasehold/core'

/** Claims on keys of one slot, with their places among all: one script serves them. */
export interface Part<C extends Claim> {
  readonly slot: number
  readonly claims: C[]
  readonly indices: number[]
}

export function partsOf<C extends Claim>(claims: readonly C[], slotOf: (claim: C) => number): Part<C>[] {
  const parts = new Map<number, Part<C>>()
  for (const [index, claim] of claims.entries()) {
    const slot = slotOf(claim)
    const part = parts.get(slot) ?? { slot, claims: [], indices: [] }
    parts.set(slot, part)
    part.claims.push(claim)
    part.indices.push(index)
  }
  return [...parts.values()]
}
