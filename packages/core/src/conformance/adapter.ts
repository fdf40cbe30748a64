import type { ConformanceCase } from './case.ts'
import { conformanceCases } from './cases.ts'
import { Places } from './places.ts'
import { CASE_LIMIT_MS, runCase } from './run-case.ts'
import { assertConcurrency, inRunningOrder } from './runner.ts'
import type { ConformanceTarget } from './target.ts'

/** What vitest and node:test hand to a running test, as far as it matters here. */
export interface TestContext {
  skip(reason?: string): unknown
}

/** What vitest and node:test take between a test's name and its body; each reads what it knows. */
export interface TestOptions {
  /** vitest: beside the others, as many as its `maxConcurrency`. */
  readonly concurrent?: boolean
  /** node:test: how many at the same time. */
  readonly concurrency?: number
  /** Time limit of a test in milliseconds. */
  readonly timeout?: number
}

/** The two functions of a test runner that registration needs: those of vitest and of node:test fit as they are. */
export interface TestRunner {
  describe(name: string, options: TestOptions, body: () => void): unknown
  it(name: string, options: TestOptions, body: (context: TestContext) => Promise<void>): unknown
}

export interface RegisterOptions {
  /**
   * How many cases run at the same time: a whole number from 1, default 8; in virtual time always 1. vitest takes no more than its own `maxConcurrency`. Cases
   * that harm the server run by themselves.
   */
  readonly concurrency?: number | undefined
}

/** A test may wait for all that run before it by themselves: only a suite that hangs takes longer. */
const TEST_LIMIT_MS = 5 * CASE_LIMIT_MS

/** Registers every case as a test of its own, grouped, named by its id. A case that cannot run, or to say anything, is skipped with its reason. */
export function registerConformance(
  { describe, it }: TestRunner,
  target: ConformanceTarget,
  { concurrency = 8 }: RegisterOptions = {},
): void {
  assertConcurrency(concurrency)
  const beside = target.time === undefined && concurrency > 1 ? { concurrent: true, concurrency } : {}
  const timeout = TEST_LIMIT_MS
  // node:test counts those of each group by themselves.
  const places = new Places(concurrency)
  // Around all groups: they run beside each other, too.
  describe(target.name, beside, () => {
    for (const [group, cases] of byGroup(inRunningOrder(conformanceCases))) {
      describe(group, beside, () => {
        for (const testCase of cases)
          it(`${testCase.id}: ${testCase.title}`, { timeout }, (context) =>
            places.run(() => runTest(testCase, target, context)),
          )
      })
    }
  })
}

async function runTest(testCase: ConformanceCase, target: ConformanceTarget, context: TestContext): Promise<void> {
  const outcome = await runCase(testCase, target)
  if (outcome.status === 'failed') throw outcome.error
  if (outcome.status === 'skipped') context.skip(outcome.reason)
  if (outcome.status === 'inconclusive') context.skip(`inconclusive: ${outcome.reason}`)
}

function byGroup(cases: readonly ConformanceCase[]): Map<string, ConformanceCase[]> {
  const groups = new Map<string, ConformanceCase[]>()
  for (const testCase of cases) {
    const name = testCase.alone ? `${testCase.group}, alone` : testCase.group
    groups.set(name, [...(groups.get(name) ?? []), testCase])
  }
  return groups
}
