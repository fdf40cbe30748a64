import { conformanceCases, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import { startEtcdClusterTarget } from '../src/etcd/target.ts'

/** No two keys share a place in etcd. */
const MEANINGLESS = ['collidingKeys']

const { target, stop } = await startEtcdClusterTarget()
afterAll(stop)

describe('etcd, three members', () => {
  for (const testCase of conformanceCases) {
    const expected = testCase.needs.some((need) => MEANINGLESS.includes(need)) ? 'skipped' : 'passed'
    it(`${testCase.id}: ${testCase.title} (${expected})`, async () => {
      expect(await runCase(testCase, target)).toMatchObject({ status: expected })
    })
  }
})
