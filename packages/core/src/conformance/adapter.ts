import type { ConformanceCase } from './case.ts'
import { conformanceCases } from './cases.ts'
import { runCase } from './runner.ts'
import type { ConformanceTarget } from './target.ts'

/** What vitest and node:test hand to a running test, as far as it matters here. */
export interface TestContext {
  skip(reason?: string): unknown
}

/** The two functions of a test runner that registration needs: those of vitest and of node:test fit as they are. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: (context: TestContext) => Promise<void>): unknown
}

/** Registers every case as a test of its own, grouped. A case that cannot run is skipped with its reason. */
export function registerConformance({ describe, it }: TestRunner, target: ConformanceTarget): void {
  for (const [group, cases] of byGroup(conformanceCases)) {
    describe(`${target.name}: ${group}`, () => {
      for (const testCase of cases) it(testCase.title, (context) => runTest(testCase, target, context))
    })
  }
}

async function runTest(testCase: ConformanceCase, target: ConformanceTarget, context: TestContext): Promise<void> {
  const outcome = await runCase(testCase, target)
  if (outcome.status === 'failed') throw outcome.error
  if (outcome.status === 'skipped') context.skip(outcome.reason)
}

function byGroup(cases: readonly ConformanceCase[]): Map<string, ConformanceCase[]> {
  const groups = new Map<string, ConformanceCase[]>()
  for (const testCase of cases) groups.set(testCase.group, [...(groups.get(testCase.group) ?? []), testCase])
  return groups
}
