import { conformanceCases, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import { startPostgresAdvisory } from '../src/postgres/target.ts'

/**
 * What session locks cannot mean: they end with their session, so nothing is handed over or outlives a restart; the server knows neither token nor
 * metadata to inspect, nor several keys at once; and not every waiter stands in the server's line.
 */
const MEANINGLESS = ['fifo', 'handOff', 'survivesRestart', 'inspect', 'tryAcquireAll']

const { target, stop } = await startPostgresAdvisory()
afterAll(stop)

describe('session advisory locks in Postgres', () => {
  for (const testCase of conformanceCases) {
    const expected = testCase.needs.some((need) => MEANINGLESS.includes(need)) ? 'skipped' : 'passed'
    it(`${testCase.id}: ${testCase.title} (${expected})`, async () => {
      expect(await runCase(testCase, target)).toMatchObject({ status: expected })
    })
  }
})
