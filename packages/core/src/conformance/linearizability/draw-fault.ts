import type { Fault } from './find-faults.ts'
import type { LockOperation } from './operation.ts'
import { what } from './sentences.ts'
import { Times, type TimesOptions } from './times.ts'

const WIDTH = 860
const LEFT = 130
const RIGHT = 28
const TOP = 58
const ROW = 46
const BAR = 14
const NARROWEST = 3

const INK = '#222'
const FAINT = '#666'
const WRONG = '#c4453a'
/** What else was asked for the two claims that are at fault. */
const PALE = '#dc9a93'
const OTHER = '#7a86a0'

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/**
 * The window of a fault as a picture, in SVG: a lane for each process, time from left to right. A bar reaches from the call of an operation to its return; the thin line after it, as far as the holder
 * relied on its hold. The two operations that cannot both be are red, and so is the time in which both held the key.
 */
export function drawFault(fault: Fault, options: TimesOptions = {}): string {
  return new Picture(fault, new Times(fault.window, options)).toString()
}

interface Row {
  readonly process: string
  readonly operations: LockOperation[]
  freeFrom: number
}

class Picture {
  readonly #fault: Fault
  readonly #times: Times
  readonly #rows: readonly Row[]
  readonly #lastMs: number
  readonly #height: number

  constructor(fault: Fault, times: Times) {
    this.#fault = fault
    this.#times = times
    const ends = times.operations.flatMap((operation) => timesOf(operation)).map((at) => times.ms(at))
    this.#lastMs = Math.max(...ends, Number.MIN_VALUE) * 1.04
    this.#rows = this.#lanes()
    this.#height = TOP + this.#rows.length * ROW + 26
  }

  toString(): string {
    const { key, text } = this.#fault
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${this.#height}" font-family="sans-serif" font-size="12" role="img">
<title>${escaped(text)}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="20" font-weight="bold" fill="${INK}">${escaped(text.slice(key.length + 2))}</text>
<text x="12" y="37" fill="${FAINT}">${escaped(key)} · milliseconds · bar: from call to answer · line: relied on until · dashed: no answer</text>
${[this.#both(), ...this.#rows.map((row, index) => this.#lane(row, index)), this.#axis()].filter((part) => part !== '').join('\n')}
</svg>
`
  }

  /** The operations of a process one beside the other; those that overlap, and their words, in lanes of their own. */
  #lanes(): Row[] {
    const rows: Row[] = []
    for (const operation of this.#times.operations) {
      const from = this.#x(this.#times.ms(operation.called))
      const free = rows.find((row) => row.process === operation.process && row.freeFrom <= from)
      const row = free ?? { process: operation.process, operations: [], freeFrom: 0 }
      if (free === undefined)
        rows.splice(rows.findLastIndex(({ process }) => process === row.process) + 1 || rows.length, 0, row)
      row.operations.push(operation)
      row.freeFrom = Math.max(this.#end(operation), from + 6.6 * words(operation).length) + 8
    }
    return rows
  }

  #lane({ process, operations }: Row, index: number): string {
    const y = TOP + index * ROW
    const isFirst = this.#rows[index - 1]?.process !== process
    const name = isFirst
      ? `<text x="12" y="${y + 31}" font-weight="bold" fill="${INK}">${escaped(process)}</text>\n`
      : ''
    const ground = `<path d="M${LEFT} ${y + 27}H${WIDTH - RIGHT}" stroke="#eee"/>\n`
    return name + ground + operations.map((operation) => this.#operation(operation, y)).join('\n')
  }

  #operation(operation: LockOperation, y: number): string {
    const colour = this.#colour(operation)
    const from = this.#x(this.#times.ms(operation.called))
    const to = Math.max(this.#end(operation), from + NARROWEST)
    const open = operation.returned === undefined
    const look = open ? `fill="none" stroke="${colour}" stroke-dasharray="4 3"` : `fill="${colour}"`
    const until = validUntilOf(operation)
    const relied = until === undefined ? to : this.#x(this.#times.ms(until))
    const line = relied > to ? `<path d="M${to} ${y + 27}H${relied}" stroke="${colour}" stroke-width="3"/>` : ''
    const tick = relied > to ? `<path d="M${relied} ${y + 21}v12" stroke="${colour}" stroke-width="2"/>` : ''
    return `<rect x="${from}" y="${y + 20}" width="${to - from}" height="${BAR}" rx="2" ${look}/>${line}${tick}
<text x="${Math.min(from, WIDTH - RIGHT - 6.6 * words(operation).length)}" y="${y + 14}" fill="${colour === WRONG ? WRONG : INK}">${escaped(words(operation))}</text>`
  }

  #colour(operation: LockOperation): string {
    const { refused, beside } = this.#fault
    if (operation === refused || operation === beside) return WRONG
    return isOf(operation, refused) || isOf(operation, beside) ? PALE : OTHER
  }

  /** While both had the key. */
  #both(): string {
    const { refused, beside, kind } = this.#fault
    const from = refused.returned
    if (kind !== 'two-holders' || from === undefined) return ''
    const end = earlier(this.#reliedUntil(beside), this.#reliedUntil(refused))
    if (end === undefined || end <= from) return ''
    const [x, to] = [this.#x(this.#times.ms(from)), this.#x(this.#times.ms(end))]
    return `<rect x="${x}" y="${TOP}" width="${Math.round(to - x)}" height="${this.#rows.length * ROW}" fill="${WRONG}" opacity="0.12"/>`
  }

  /** As far as the claim relied on its hold, with its renewals. */
  #reliedUntil(operation: LockOperation | undefined): bigint | undefined {
    return this.#times.operations
      .filter((each) => isOf(each, operation))
      .map(validUntilOf)
      .reduce((last, at) => (last === undefined || (at !== undefined && at > last) ? at : last), undefined)
  }

  #axis(): string {
    const y = TOP + this.#rows.length * ROW + 8
    const step = niceStep(this.#lastMs / 8)
    const ticks: string[] = []
    for (let at = 0; at <= this.#lastMs; at += step) {
      const label = Number(at.toPrecision(6))
      ticks.push(
        `<path d="M${this.#x(at)} ${y}v-4" stroke="${FAINT}"/><text x="${this.#x(at)}" y="${y + 13}" text-anchor="middle" fill="${FAINT}">${label}</text>`,
      )
    }
    return `<path d="M${LEFT} ${y - 4}H${WIDTH - RIGHT}" stroke="${FAINT}"/>\n${ticks.join('\n')}`
  }

  #end({ returned }: LockOperation): number {
    return returned === undefined ? WIDTH - RIGHT : this.#x(this.#times.ms(returned))
  }

  #x(ms: number): number {
    return Math.round((LEFT + (ms / this.#lastMs) * (WIDTH - LEFT - RIGHT)) * 10) / 10
  }
}

const words = (operation: LockOperation): string => {
  const whose = operation.type === 'clear' || operation.holder === operation.process ? '' : `${operation.holder} `
  return `${whose}${operation.type}: ${what(operation)}`
}

const isOf = (operation: LockOperation, other: LockOperation | undefined): boolean =>
  operation.type !== 'clear' && other !== undefined && other.type !== 'clear' && operation.holder === other.holder

const earlier = (one: bigint | undefined, other: bigint | undefined): bigint | undefined =>
  one === undefined || (other !== undefined && other < one) ? other : one

const validUntilOf = (operation: LockOperation): bigint | undefined =>
  'validUntil' in operation ? operation.validUntil : undefined

const timesOf = (operation: LockOperation): bigint[] =>
  [operation.called, operation.returned, validUntilOf(operation)].filter((at) => at !== undefined)

/** 1, 2 or 5 and noughts. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5, 10].find((times) => times * power >= least) ?? 10)
}
