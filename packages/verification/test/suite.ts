import { conformanceCases, type Group, type Need, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import type { RunningTarget } from '../src/conformance/running-target.ts'

/** A case may wait for others that run by themselves. It has a limit of its own. */
const LIMIT_MS = 600_000

/** Every case passes, but for those that need what the target cannot mean: they are skipped, and say so. Those that disturb nobody run beside each other. */
export function itPassesTheSuite(
  { target, stop }: RunningTarget,
  meaningless: readonly Need[],
  groups: readonly Group[] = [...new Set(conformanceCases.map(({ group }) => group))],
): void {
  const cases = conformanceCases.filter(({ group }) => groups.includes(group))

  afterAll(stop)

  describe(target.name, { concurrent: true, timeout: LIMIT_MS }, () => {
    // Whoever has to wait for all others comes last.
    for (const testCase of [...cases].sort((one, other) => Number(one.alone) - Number(other.alone))) {
      const expected = testCase.needs.some((need) => meaningless.includes(need)) ? 'skipped' : 'passed'
      it(`${testCase.id}: ${testCase.title} (${expected})`, async ({ skip }) => {
        const outcome = await runCase(testCase, target)
        if (outcome.status === 'failed') throw outcome.error
        if (outcome.status === 'inconclusive') skip(`inconclusive: ${outcome.reason}`)
        expect(outcome.status).toBe(expected)
      })
    }
  })
}
