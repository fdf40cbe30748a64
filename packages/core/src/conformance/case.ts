import type { Need } from './needs.ts'
import type { Trial } from './trial.ts'

export type Group =
  | 'acquire'
  | 'ttl'
  | 'renew'
  | 'wait'
  | 'fencing'
  | 'ambiguity'
  | 'faults'
  | 'input'
  | 'hygiene'
  | 'portability'

/** One thing that must be true of every backend: data, to be run under any runner. */
export interface ConformanceCase {
  /** Stable: `group/what-it-is-about`. */
  readonly id: string
  readonly group: Group
  /** A sentence about behaviour. */
  readonly title: string
  /** What the target must offer for the case to say anything. */
  readonly needs: readonly Need[]
  run(trial: Trial): Promise<void>
}

type Script = (trial: Trial) => Promise<void>

/** Collects the cases of one group, in the order in which they are written. */
export function caseGroup(group: Group) {
  const cases: ConformanceCase[] = []
  function add(slug: string, title: string, ...rest: readonly [...Need[], Script]): void {
    const needs = rest.slice(0, -1) as Need[]
    cases.push({ id: `${group}/${slug}`, group, title, needs, run: rest.at(-1) as Script })
  }
  return { cases, add }
}
