import type { Row } from './contests.ts'

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))

const wish = ({ goal }: Row): string =>
  goal === undefined ? '' : 'most' in goal ? `at most ${goal.most}` : `at least ${goal.least}`

/** Whether the median ratio reaches the goal; undefined where there is none. */
export const reached = ({ goal, ratio }: Row): boolean | undefined =>
  goal === undefined ? undefined : 'most' in goal ? ratio.median <= goal.most : ratio.median >= goal.least

const mark = (row: Row): string => ({ true: 'reached', false: 'missed', undefined: '' })[`${reached(row)}`]

const COLUMNS = ['backend', 'contest', 'ours', 'limit', 'unit', 'ratio (min to max)', 'goal', ''] as const

function cells(row: Row): readonly string[] {
  const { backend, contest, ours, limit, unit, ratio, fairness } = row
  const fair = fairness
    ? `; max:min ${figure(fairness.callers)} of callers, ${figure(fairness.processes)} of processes`
    : ''
  const spread = `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)} to ${ratio.max.toFixed(2)})`
  return [backend, contest + fair, figure(ours), figure(limit), unit, spread, wish(row), mark(row)]
}

/** A table in Markdown. */
export function table(rows: readonly Row[]): string {
  const line = (columns: readonly string[]) => `| ${columns.join(' | ')} |`
  return [line(COLUMNS), line(COLUMNS.map(() => '---')), ...rows.map((row) => line(cells(row)))].join('\n')
}
