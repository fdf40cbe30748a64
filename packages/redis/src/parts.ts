import type { Claim, Contended, Grant, Renewal, RenewedClaim } from '@leasehold/core'

/** In one script, which stops its server meanwhile: no more than the engine asks for at once. */
export const MOST_CLAIMS = 500

/** Claims that one script serves, with their places among all: on keys of one slot, and all of them of shares, or none. */
export interface Part<C extends Claim> {
  /** Ascends with the slots. */
  readonly group: number
  readonly claims: readonly C[]
  readonly indices: readonly number[]
}

export type AskRenewals = (renewals: readonly RenewedClaim[]) => Promise<readonly Renewal[]>
export type AskReleases = (claims: readonly Claim[]) => Promise<readonly boolean[]>
export type AskGrants = (claims: readonly Claim[]) => Promise<readonly Grant[] | Contended>

export function partsOf<C extends Claim>(claims: readonly C[], slotOf: (claim: C) => number): Part<C>[] {
  const parts = new Map<number, { readonly group: number; readonly claims: C[]; readonly indices: number[] }>()
  for (const [index, claim] of claims.entries()) {
    const group = slotOf(claim) * 2 + (claim.share ? 1 : 0)
    const part = parts.get(group) ?? { group, claims: [], indices: [] }
    parts.set(group, part)
    part.claims.push(claim)
    part.indices.push(index)
  }
  return [...parts.values()]
}

/** Wherever its key is. */
export const anywhere = (): number => 0

/** What is too much for one script, in several: by their keys, so that everybody takes them in the same order. */
export function stepsOf<C extends Claim>({ group, claims, indices }: Part<C>): Part<C>[] {
  if (claims.length <= MOST_CLAIMS) return [{ group, claims, indices }]
  const ascending = claims
    .map((claim, nth) => ({ claim, index: indices[nth] as number }))
    .sort((one, other) => (one.claim.key < other.claim.key ? -1 : 1))
  return Array.from({ length: Math.ceil(claims.length / MOST_CLAIMS) }, (_, step) => {
    const own = ascending.slice(step * MOST_CLAIMS, (step + 1) * MOST_CLAIMS)
    return { group, claims: own.map(({ claim }) => claim), indices: own.map(({ index }) => index) }
  })
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
