import type { ConformanceCase } from './case.ts'
import { conformanceCases } from './cases.ts'
import type { Outcome } from './outcome.ts'
import { runCase } from './run-case.ts'
import type { ConformanceTarget } from './target.ts'

export interface ConformanceReport {
  /** The target's name. */
  readonly backend: string
  readonly passed: readonly string[]
  readonly failed: readonly { readonly id: string; readonly error: unknown }[]
  readonly skipped: readonly { readonly id: string; readonly reason: string }[]
  /** The machine was too slow for these, since others took its time. */
  readonly inconclusive: readonly { readonly id: string; readonly reason: string }[]
}

export interface RunOptions {
  /** Default: all. */
  readonly cases?: readonly ConformanceCase[] | undefined
  /**
   * How many cases run at the same time: a whole number from 1. Default 8; in virtual time always 1. Cases that restart the server or end sessions
   * run by themselves, after all others.
   */
  readonly concurrency?: number | undefined
  readonly onOutcome?: ((testCase: ConformanceCase, outcome: Outcome) => void) | undefined
}

/** Runs the cases, several at a time. What failed is in the report, in the order of the cases. Throws `RangeError` for a bad `concurrency`. */
export async function runConformance(target: ConformanceTarget, options: RunOptions = {}): Promise<ConformanceReport> {
  const { cases = conformanceCases, concurrency = 8, onOutcome } = options
  assertConcurrency(concurrency)
  const outcomes = new Map<ConformanceCase, Outcome>()
  const waiting = inRunningOrder(cases)
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await runCase(next, target)
      outcomes.set(next, outcome)
      onOutcome?.(next, outcome)
    }
  }
  await Promise.all(Array.from({ length: target.time === undefined ? concurrency : 1 }, worker))
  return report(target, cases, outcomes)
}

/** Those that have to wait for all others come last. */
export const inRunningOrder = (cases: readonly ConformanceCase[]): ConformanceCase[] => [
  ...cases.filter(({ alone }) => !alone),
  ...cases.filter(({ alone }) => alone),
]

export function assertConcurrency(concurrency: number): void {
  if (Number.isInteger(concurrency) && concurrency >= 1) return
  throw new RangeError(`concurrency must be a whole number from 1, not ${String(concurrency)}`)
}

function report(
  { name: backend }: ConformanceTarget,
  cases: readonly ConformanceCase[],
  outcomes: ReadonlyMap<ConformanceCase, Outcome>,
): ConformanceReport {
  const passed: string[] = []
  const failed: { id: string; error: unknown }[] = []
  const skipped: { id: string; reason: string }[] = []
  const inconclusive: { id: string; reason: string }[] = []
  for (const testCase of cases) {
    const { id } = testCase
    const outcome = outcomes.get(testCase)
    if (outcome?.status === 'passed') passed.push(id)
    if (outcome?.status === 'failed') failed.push({ id, error: outcome.error })
    if (outcome?.status === 'skipped') skipped.push({ id, reason: outcome.reason })
    if (outcome?.status === 'inconclusive') inconclusive.push({ id, reason: outcome.reason })
  }
  return { backend, passed, failed, skipped, inconclusive }
}
