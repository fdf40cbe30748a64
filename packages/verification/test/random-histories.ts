import { describeFault, searchHistory } from '@leasehold/core/conformance'
import { damaged } from '../src/linearizability/damaged.ts'
import { explainedByBruteForce } from '../src/linearizability/explained-by-brute-force.ts'
import { type ReferenceSettings, referenceHistory, SLACK } from '../src/linearizability/reference-history.ts'
import { Prng } from '../src/simulation/prng.ts'

export const settings = (seed: number): ReferenceSettings => ({
  keys: 1 + (seed % 3),
  clients: 2 + (seed % 5),
  length: 8,
  parts: seed % 2 === 0,
  unanswered: [0, 0.1, 0.3][seed % 3] as number,
  tellsBounds: seed % 5 < 2,
  tellsTtl: seed % 4 < 2,
})

/** What the search says against a history that a lock server made. */
export function wrongWith(seed: number): string[] {
  const { faults, undecided } = searchHistory(referenceHistory(seed, settings(seed)), { slack: BigInt(SLACK) })
  return [...faults.map((fault) => describeFault(fault, { ticksPerMs: 1 })), ...undecided]
}

/** Of a small history, mostly damaged: whether the search explains it, and whether trying every order does. */
export function judged(seed: number): { seed: number; search: boolean; everyOrder: boolean } {
  const whole = referenceHistory(seed, { ...settings(seed), keys: 1, clients: 3, length: 3, tellsTtl: false })
  const history = damaged(whole, new Prng(seed, 'damage')).slice(0, 6)
  return { seed, search: searchHistory(history).faults.length === 0, everyOrder: explainedByBruteForce(history) }
}
