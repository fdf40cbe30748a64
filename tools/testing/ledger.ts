import type { Counts, State } from './counts.ts'
import type { Piece } from './pieces.ts'

export interface Failure {
  readonly what: string
  readonly report: string
  /** The command that repeats it alone. */
  readonly again: string
}

export interface Entry {
  readonly piece: Piece
  readonly counts: Counts
  /** How many tests it holds, as soon as that is known. */
  tests: number | undefined
  startedAtMs: number | undefined
  /** Undefined until it has ended. */
  seconds: number | undefined
  /** There was no time for it, or not enough. */
  left: boolean
}

/** What of all the pieces of a run has been done, and how it went. */
export class Ledger {
  readonly entries: ReadonlyMap<string, Entry>
  readonly failures: Failure[] = []
  #atLarge = 0

  constructor(pieces: readonly Piece[]) {
    this.entries = new Map(
      pieces.map((piece) => [
        piece.name,
        {
          piece,
          counts: { passed: 0, failed: 0, skipped: 0 },
          tests: undefined,
          startedAtMs: undefined,
          seconds: undefined,
          left: false,
        },
      ]),
    )
  }

  entry(name: string): Entry {
    const entry = this.entries.get(name)
    if (entry === undefined) throw new Error(`nobody planned ${name}`)
    return entry
  }

  start(name: string): void {
    this.entry(name).startedAtMs ??= performance.now()
  }

  count(name: string, state: State): void {
    this.entry(name).counts[state]++
  }

  /** Of something that is counted. */
  fail(failure: Failure): void {
    this.failures.push(failure)
  }

  /** Of something that belongs to no piece. */
  failAtLarge(failure: Failure): void {
    this.#atLarge++
    this.failures.push(failure)
  }

  end(name: string): void {
    const entry = this.entry(name)
    entry.seconds = (performance.now() - (entry.startedAtMs ?? performance.now())) / 1000
  }

  /** What was planned and never came to an end, though there was time, is a failure of its own, and so is a group without any test that passed. */
  close(): void {
    for (const [name, entries] of this.groups()) {
      const waiting = entries.filter(({ seconds, left }) => seconds === undefined && !left)
      const [first] = waiting.length > 0 ? waiting : entries
      const report = waiting.length > 0 ? `${waiting.length} of ${entries.length} never ended` : 'no test passed'
      const { passed, failed } = sumOf(entries)
      const mayBeEmpty = passed + failed > 0 || entries.some(({ left }) => left)
      if (first === undefined || (waiting.length === 0 && mayBeEmpty)) continue
      this.failAtLarge({ what: name, report, again: first.piece.again })
    }
  }

  leave(name: string): void {
    this.entry(name).left = true
  }

  /** Those that there was no time for. */
  left(): Entry[] {
    return [...this.entries.values()].filter(({ left }) => left)
  }

  groups(): Map<string, Entry[]> {
    const groups = new Map<string, Entry[]>()
    for (const entry of this.entries.values()) {
      groups.set(entry.piece.group, [...(groups.get(entry.piece.group) ?? []), entry])
    }
    return groups
  }

  total(): Counts {
    const sum = sumOf([...this.entries.values()])
    return { ...sum, failed: sum.failed + this.#atLarge }
  }
}

export const sumOf = (entries: readonly Entry[]): Counts => {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  for (const { counts } of entries) {
    sum.passed += counts.passed
    sum.failed += counts.failed
    sum.skipped += counts.skipped
  }
  return sum
}
