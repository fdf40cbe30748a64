import { conformanceCases, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import { startPostgresRows } from '../src/postgres/target.ts'

/** What lease rows cannot mean: they promise no order among processes, and no two keys share a row, and rows outlive the connection. */
const MEANINGLESS = ['fifo', 'collidingKeys', 'onLost']

const { target, stop } = await startPostgresRows()
afterAll(stop)

describe('lease rows in Postgres', () => {
  for (const testCase of conformanceCases) {
    const expected = testCase.needs.some((need) => MEANINGLESS.includes(need)) ? 'skipped' : 'passed'
    it(`${testCase.id}: ${testCase.title} (${expected})`, async () => {
      expect(await runCase(testCase, target)).toMatchObject({ status: expected })
    })
  }
})
