import type { Row } from './contests.ts'
import { reached } from './report.ts'

const WIDTH = 860
const ROW = 34
const LEFT = 396
const TOP = 64
/** The axis shows so many times the limit. */
const LONGEST = 2.5

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const x = (ratio: number): number => LEFT + (Math.min(ratio, LONGEST) / LONGEST) * (WIDTH - LEFT - 60)

/** How far from the limit, as a picture: a bar a row, the goal as a tick, the limit as a line. */
export function plot(rows: readonly Row[]): string {
  const height = TOP + rows.length * ROW + 10
  const limit = `<path d="M${x(1)} ${TOP - 10}V${height}" stroke="#555" stroke-dasharray="4 3"/>
<text x="${x(1)}" y="${TOP - 16}" text-anchor="middle">limit = 1</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>Leasehold beside the limit, ratios</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="18" font-weight="bold">Leasehold, as a multiple of the limit that was measured in the same run</text>
<text x="12" y="34" fill="#444">Thick tick: the goal. Green: reached. Red: missed. Grey: no goal. Thin line: least and most of several rounds.</text>
${rows.map(bar).join('\n')}
${limit}
</svg>
`
}

function bar(row: Row, index: number): string {
  const y = TOP + index * ROW
  const { ratio, goal } = row
  const colour = { true: '#2a8f5b', false: '#c4453a', undefined: '#7a86a0' }[`${reached(row)}`]
  const wanted = goal === undefined ? undefined : 'most' in goal ? goal.most : goal.least
  const tick = wanted === undefined ? '' : `<path d="M${x(wanted)} ${y}v22" stroke="#000" stroke-width="2"/>`
  return `<text x="12" y="${y + 10}" font-weight="bold">${escaped(row.backend)}</text>
<text x="12" y="${y + 23}" fill="#444">${escaped(row.contest.split(';')[0] ?? '')} (${row.unit === 'ms' ? 'less' : 'more'} is better)</text>
<rect x="${LEFT}" y="${y + 3}" width="${x(ratio.median) - LEFT}" height="16" fill="${colour}"/>
<path d="M${x(ratio.min)} ${y + 11}H${x(ratio.max)}" stroke="#222"/>${tick}
<text x="${Math.max(x(ratio.max), wanted === undefined ? 0 : x(wanted)) + 6}" y="${y + 16}">${ratio.median.toFixed(2)}</text>`
}
