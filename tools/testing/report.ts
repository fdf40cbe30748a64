import { minutes } from './clock-face.ts'
import { type Entry, type Ledger, sumOf } from './ledger.ts'

/** The longest a log is silent. */
const EVERY_MS = 10_000

const isRunning = ({ startedAtMs, seconds, left }: Entry): boolean =>
  startedAtMs !== undefined && seconds === undefined && !left
const hasEnded = ({ seconds, left }: Entry): boolean => seconds !== undefined || left

/** Shows a run in plain lines: what goes on every ten seconds, each group when it ends, and all of them at the end. */
export class Report {
  readonly #ledger: Ledger
  readonly #secondsLeft: () => number
  readonly #startedAtMs = performance.now()
  readonly #shown = new Set<string>()
  readonly #timer: NodeJS.Timeout

  constructor(ledger: Ledger, secondsLeft: () => number) {
    this.#ledger = ledger
    this.#secondsLeft = secondsLeft
    this.#timer = setInterval(() => this.#showProgress(), EVERY_MS)
  }

  /** To be called when something has ended: shows the groups that are complete by that. */
  update(): void {
    for (const [name, entries] of this.#ledger.groups()) {
      if (this.#shown.has(name) || !entries.every(hasEnded)) continue
      this.#shown.add(name)
      console.log(`${this.#time()}  ${lineOf(name, entries)}`)
    }
  }

  showFailure(what: string, report: string): void {
    console.log(`${this.#time()}  FAILED  ${what}\n${report.replaceAll(/^/gm, '        ')}`)
  }

  /** A line for each group, then what failed, and how each is repeated alone. */
  close(): void {
    clearInterval(this.#timer)
    const { failures } = this.#ledger
    console.log('')
    for (const [name, entries] of this.#ledger.groups()) console.log(lineOf(name, entries))
    for (const { what, report, again } of failures) {
      console.log(`\nfailed: ${what}: ${report.split('\n')[0]}\n  again, alone: ${again}`)
    }
    const left = this.#ledger.left().map(({ piece }) => piece.name)
    if (left.length > 0) console.log(`\nnot got to, for want of time: ${left.join(', ')}`)
    const { passed, failed, skipped } = this.#ledger.total()
    console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped in ${this.#time().trim()}`)
  }

  #time(): string {
    return minutes((performance.now() - this.#startedAtMs) / 1000).padStart(5)
  }

  #showProgress(): void {
    const groups = [...this.#ledger.groups()]
    const running = groups.filter(([, entries]) => entries.some(isRunning)).map(([name, all]) => progressOf(name, all))
    const waiting = groups.filter(([, entries]) => !entries.some(isRunning) && !entries.every(hasEnded)).length
    const { passed, failed } = this.#ledger.total()
    const rest = waiting === 0 ? '' : `; ${waiting} groups wait`
    console.log(
      `${this.#time()}  ${passed} passed, ${failed} failed; ${running.join(', ')}${rest}; about ${minutes(this.#secondsLeft())} left`,
    )
  }
}

/** `redis 12/29`; a file alone: `suite redis 45/187 tests`. */
function progressOf(name: string, entries: readonly Entry[]): string {
  const [only] = entries
  if (entries.length > 1 || only?.tests === undefined)
    return `${name} ${entries.filter(hasEnded).length}/${entries.length}`
  const { passed, failed, skipped } = only.counts
  return `${name} ${passed + failed + skipped}/${only.tests} tests`
}

function lineOf(name: string, entries: readonly Entry[]): string {
  const { passed, failed, skipped } = sumOf(entries)
  const missing = entries.filter((entry) => !hasEnded(entry)).length
  const left = entries.filter((entry) => entry.left).length
  const bad = failed > 0 || missing > 0 || (passed === 0 && left === 0)
  const word = bad ? 'FAILED' : left > 0 ? 'partly' : 'ok    '
  const seconds = entries.reduce((sum, entry) => sum + (entry.seconds ?? 0), 0)
  const counts = [
    `${passed} passed`,
    failed > 0 ? `${failed} failed` : '',
    skipped > 0 ? `${skipped} skipped` : '',
    left > 0 ? `${left} of ${entries.length} not got to` : '',
    missing > 0 ? `${missing} of ${entries.length} never ended` : '',
  ].filter((text) => text !== '')
  return `${word}  ${name.padEnd(30)} ${seconds.toFixed(0).padStart(4)} s  ${counts.join(', ')}`
}
