import { crowd } from './crowd.ts'
import type { Effort } from './effort.ts'
import { handover } from './handover.ts'
import { loading } from './loading.ts'
import { type Parts, parts } from './parts.ts'
import type { Compared } from './statistics.ts'
import type { Goals, Subject } from './subject.ts'
import { uncontended } from './uncontended.ts'

export interface Row extends Compared {
  readonly backend: string
  readonly contest: string
  readonly unit: 'ms' | 'per second'
  readonly goal: { readonly most: number } | { readonly least: number } | undefined
  /** Of a crowd: the most turns of a caller by the fewest, and of a process. */
  readonly fairness?: { readonly callers: number; readonly processes: number }
}

const TITLES: Readonly<Record<keyof Goals, string>> = {
  sequential: 'acquire + release, one after another, median',
  atOnce: 'acquire + release, 64 at once',
  handover: 'handover to another client, median',
  crowd: 'hot key, crowd of processes',
}

const AHEAD = { least: 1 } as const

/** Of parts of a key: to be ahead of everybody else. */
const PARTS: readonly (readonly [contest: keyof Parts, title: string, unit: Row['unit'], goal: Row['goal']])[] = [
  ['readers', '64 readers', 'per second', AHEAD],
  ['readersAndWriter', '63 readers and a writer, all', 'per second', AHEAD],
  ['writer', '63 readers and a writer, the writer', 'per second', AHEAD],
  ['permits', '64 callers of 8 permits', 'per second', AHEAD],
  ['longest', '64 callers of 8 permits, longest turn', 'ms', { most: 1 }],
  ['pairs', '64 callers of 8 permits, two each', 'per second', AHEAD],
]

/** Every contest that the subject takes part in, each told as soon as it is over. */
export async function contend(subject: Subject, effort: Effort, tell: (row: Row) => void): Promise<void> {
  const server = await subject.start()
  const { url } = server
  const [one, other] = [subject.locks(url), subject.locks(url)]
  const raw = await subject.raw(url)
  const row = (contest: keyof Goals, unit: Row['unit'], figures: Compared, more: Partial<Row> = {}): void => {
    const { ours, limit, ratio } = figures
    tell({
      backend: subject.name,
      contest: TITLES[contest],
      unit,
      ours,
      limit,
      ratio,
      goal: subject.goals[contest],
      ...more,
    })
  }
  try {
    const alone = await uncontended(one, raw, effort)
    row('sequential', 'ms', alone.sequential)
    row('atOnce', 'per second', alone.atOnce)
    const push = raw.handover
    if (push) row('handover', 'ms', await handover(one, other, (idle) => push.call(raw, idle), effort))
    if (raw.crowd) {
      const {
        callersMaxToMin: callers,
        processesMaxToMin: processes,
        ...figures
      } = await crowd(subject.name, url, effort)
      row('crowd', 'per second', figures, { fairness: { callers, processes } })
    }
    for (const rival of subject.rivals?.(url) ?? []) {
      const figures = await parts(one, rival, effort).finally(() => rival.close())
      for (const [contest, title, unit, goal] of PARTS)
        tell({ backend: subject.name, contest: `${title}, beside ${rival.name}`, unit, goal, ...figures[contest] })
    }
  } finally {
    await Promise.all([one.close(), other.close(), raw.close()])
    await server.stop()
  }
}

/** Core alone: how long a process takes to load it. */
export function loadCore(effort: Effort, tell: (row: Row) => void): void {
  tell({ backend: 'core', contest: 'import, against an empty module', unit: 'ms', goal: undefined, ...loading(effort) })
}
