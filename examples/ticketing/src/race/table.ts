import type { Contest, Result, Where } from './contest.ts'
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
  ['hold p50', (result) => result.holdP50Ms.toFixed(1)],
  ['hold p99', (result) => result.holdP99Ms.toFixed(1)],
  ['errors', (result) => String(Object.values(result.errors).reduce((sum, count) => sum + count, 0))],
]

export function table(contest: Contest, where: Where, results: readonly Result[]): string {
  const { customers, frozen, freezeMs, holdMs } = contest
  const lines = [
    COLUMNS.map(([heading]) => heading),
    ...results.map((result) => COLUMNS.map(([, cell]) => cell(result))),
  ]
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const rows = lines.map((line) => line.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  '))
  return [
    `${customers} customers, ${place(where)}. A lease lasts ${holdMs} ms; ${frozen} checkouts stand still for ${freezeMs} ms before they write${where.nodes > 1 ? ', each with its whole process' : ''}.`,
    '',
    rows[0],
    '-'.repeat(rows[0]?.length ?? 0),
    ...rows.slice(1),
    '',
    ...results.map(verdict),
  ].join('\n')
}

const place = ({ nodes, locks, database }: Where): string =>
  `${nodes === 1 ? 'one server process' : `${nodes} server processes`}, locks in ${locks}, data in ${database === 'embedded' ? 'an embedded Postgres' : 'Postgres'}`

const pad = (cell: string, width: number, column: number): string =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width)

function verdict({ strategy, seatsSoldTwice, errors }: Result): string {
  const unexpected = Object.entries(errors).map(([what, count]) => `${count} x ${what}`)
  if (unexpected.length > 0) return `FAILED  ${strategy}: ${unexpected.join(', ')}`
  if (seatsSoldTwice > 0)
    return `${SAFE.has(strategy) ? 'FAILED' : 'unsafe'}  ${strategy}: ${seatsSoldTwice} seats sold twice`
  return SAFE.has(strategy)
    ? `safe    ${strategy}: no seat sold twice`
    : `lucky   ${strategy}: no seat sold twice in this run`
}
