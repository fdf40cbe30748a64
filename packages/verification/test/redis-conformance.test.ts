import { conformanceCases, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import { startRedisTarget } from '../src/redis/target.ts'

/** What one Redis cannot mean: whether a restart keeps the holds is a matter of its settings, and no two keys share a place. Holds outlive the connection: no end of a session is told. */
const MEANINGLESS = ['survivesRestart', 'collidingKeys', 'onLost']

const { target, stop } = await startRedisTarget()
afterAll(stop)

describe('one Redis', () => {
  for (const testCase of conformanceCases) {
    const expected = testCase.needs.some((need) => MEANINGLESS.includes(need)) ? 'skipped' : 'passed'
    it(`${testCase.id}: ${testCase.title} (${expected})`, async () => {
      expect(await runCase(testCase, target)).toMatchObject({ status: expected })
    })
  }
})
