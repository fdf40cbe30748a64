import { conformanceCases, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import { startEtcdTarget } from '../src/etcd/target.ts'

/** No two keys share a place in etcd. */
const MEANINGLESS = ['collidingKeys', 'onLost']

const { target, stop } = await startEtcdTarget()
afterAll(stop)

describe('etcd', () => {
  for (const testCase of conformanceCases) {
    const expected = testCase.needs.some((need) => MEANINGLESS.includes(need)) ? 'skipped' : 'passed'
    it(`${testCase.id}: ${testCase.title} (${expected})`, async () => {
      expect(await runCase(testCase, target)).toMatchObject({ status: expected })
    })
  }
})
