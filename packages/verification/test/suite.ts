import { conformanceCases, type Need, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import type { RunningTarget } from '../src/conformance/running-target.ts'

/** Every case passes, but for those that need what the target cannot mean: they are skipped, and say so. */
export function itPassesTheSuite({ target, stop }: RunningTarget, meaningless: readonly Need[]): void {
  afterAll(stop)

  describe(target.name, () => {
    for (const testCase of conformanceCases) {
      const expected = testCase.needs.some((need) => meaningless.includes(need)) ? 'skipped' : 'passed'
      it(`${testCase.id}: ${testCase.title} (${expected})`, async () => {
        const outcome = await runCase(testCase, target)
        if (outcome.status === 'failed') throw outcome.error
        expect(outcome.status).toBe(expected)
      })
    }
  })
}
