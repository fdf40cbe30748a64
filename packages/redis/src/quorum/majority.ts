import type { Stake } from './node.ts'

/** Any two majorities of `nodes` nodes have one in common. */
export const majorityOf = (nodes: number): number => Math.floor(nodes / 2) + 1

/** The stakes of each token. */
export function groupsOf<S extends Stake>(stakes: readonly S[]): readonly (readonly S[])[] {
  const groups = new Map<bigint, S[]>()
  for (const stake of stakes) groups.set(stake.token, [...(groups.get(stake.token) ?? []), stake])
  return [...groups.values()]
}

/** The stakes of the one token that most have. */
export const largestGroup = <S extends Stake>(stakes: readonly S[]): readonly S[] =>
  groupsOf(stakes).reduce((largest, group) => (group.length > largest.length ? group : largest), [])

/** What a majority of the nodes keeps under one token, and for how long a majority of them does. */
export function agreedBy<S extends Stake>(stakes: readonly S[], nodes: number): Stake | undefined {
  const majority = majorityOf(nodes)
  const group = largestGroup(stakes)
  const last = group.toSorted((one, other) => other.ttlMs - one.ttlMs)[majority - 1]
  return last && { token: last.token, ttlMs: last.ttlMs }
}
