import { conformanceCases, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import { startPoorQuorumTarget, startQuorumTarget } from '../src/redis-quorum/target.ts'

/** Whoever waits is called up in order, but whoever asks at the right moment may be first; groups are taken one by one; no two keys share a place. */
const MEANINGLESS = ['fifo', 'tryAcquireAll', 'collidingKeys']

for (const start of [startQuorumTarget, startPoorQuorumTarget]) {
  const { target, stop } = await start()
  afterAll(stop)

  describe(target.name, () => {
    for (const testCase of conformanceCases) {
      const expected = testCase.needs.some((need) => MEANINGLESS.includes(need)) ? 'skipped' : 'passed'
      it(`${testCase.id}: ${testCase.title} (${expected})`, async () => {
        expect(await runCase(testCase, target)).toMatchObject({ status: expected })
      })
    }
  })
}
