import type { Contest, Result } from './contest.ts'
import { SAFE } from './contest.ts'

const COLUMNS: readonly (readonly [heading: string, cell: (result: Result) => string])[] = [
  ['strategy', (result) => result.strategy],
  ['seats sold', (result) => String(result.seatsSold)],
  ['sold twice', (result) => String(result.seatsSoldTwice)],
  ['stale writes refused', (result) => String(result.staleWritesRefused)],
  ['holds expired', (result) => String(result.holdsExpired)],
  ['paid, refunded', (result) => String(result.paymentsRefunded)],
  ['requests/s', (result) => String(result.requestsPerSecond)],
  ['p50 ms', (result) => result.p50Ms.toFixed(1)],
  ['p99 ms', (result) => result.p99Ms.toFixed(1)],
]

export function table(contest: Contest, results: readonly Result[]): string {
  const { customers, frozen, freezeMs, holdMs } = contest
  const lines = [
    COLUMNS.map(([heading]) => heading),
    ...results.map((result) => COLUMNS.map(([, cell]) => cell(result))),
  ]
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const rows = lines.map((line) => line.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  '))
  return [
    `${customers} customers, a lease lasts ${holdMs} ms, ${frozen} checkouts stand still for ${freezeMs} ms before they write.`,
    '',
    rows[0],
    '-'.repeat(rows[0]?.length ?? 0),
    ...rows.slice(1),
    '',
    ...results.map(verdict),
  ].join('\n')
}

const pad = (cell: string, width: number, column: number): string =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width)

function verdict({ strategy, seatsSoldTwice }: Result): string {
  if (seatsSoldTwice > 0)
    return `${SAFE.has(strategy) ? 'FAILED' : 'unsafe'}  ${strategy}: ${seatsSoldTwice} seats sold twice`
  return SAFE.has(strategy)
    ? `safe    ${strategy}: no seat sold twice`
    : `lucky   ${strategy}: no seat sold twice in this run`
}
