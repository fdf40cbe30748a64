import { disturbs, type Need } from './needs.ts'
import type { Trial } from './trial.ts'

export type Group =
  | 'acquire'
  | 'ttl'
  | 'renew'
  | 'wait'
  | 'shared'
  | 'permits'
  | 'election'
  | 'operators'
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
  /** It harms the server, or looks at what all cases of this process share: no other may run at the same time. */
  readonly alone: boolean
  run(trial: Trial): Promise<void>
}

type Script = (trial: Trial) => Promise<void>

/** Collects the cases of one group, in the order in which they are written. */
export function caseGroup(group: Group) {
  const cases: ConformanceCase[] = []
  function add(slug: string, title: string, ...rest: readonly [...(Need | 'alone')[], Script]): void {
    const marks = rest.slice(0, -1) as (Need | 'alone')[]
    const needs = marks.filter((mark) => mark !== 'alone')
    const alone = needs.length < marks.length || needs.some(disturbs)
    cases.push({ id: `${group}/${slug}`, group, title, needs, alone, run: rest.at(-1) as Script })
  }
  return { cases, add }
}
