import { conformanceCases, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import type { RunningTarget } from '../src/conformance/running-target.ts'

/** What Redis cannot mean: whether a restart keeps the holds is a matter of its settings, and no two keys share a place. Holds outlive the connection: no end of a session is told. */
const MEANINGLESS = ['survivesRestart', 'collidingKeys', 'onLost']

export function itPassesTheSuite(name: string, { target, stop }: RunningTarget): void {
  afterAll(stop)
  describe(name, () => {
    for (const testCase of conformanceCases) {
      const expected = testCase.needs.some((need) => MEANINGLESS.includes(need)) ? 'skipped' : 'passed'
      it(`${testCase.id}: ${testCase.title} (${expected})`, async () => {
        expect(await runCase(testCase, target)).toMatchObject({ status: expected })
      })
    }
  })
}
