import { conformanceCases, runCase } from '@leasehold/core/conformance'
import { afterAll, describe, expect, it } from 'vitest'
import { startLoopback } from '../src/loopback/target.ts'

/** Needs that only a server outside of this process can meet. */
const HOOKS = ['holderProgram', 'openLinked', 'openForgetful', 'restartKeepingData', 'restartEmpty', 'killSession']

const { target, stop } = await startLoopback()
afterAll(stop)

/** The memory backend runs the others in virtual time; `npx pnpm conformance --backend loopback` runs all of them in real time. Holds outlive the connection: no end of a session is told. */
const cases = conformanceCases.filter(
  ({ needs }) => needs.some((need) => HOOKS.includes(need)) && !needs.includes('tellsLosses'),
)

describe('a lock server behind a socket', { concurrent: true }, () => {
  it('has many faults to live through', () => {
    expect(cases.length).toBeGreaterThan(10)
  })

  for (const testCase of cases) {
    it(`${testCase.id}: ${testCase.title}`, async () => {
      expect(await runCase(testCase, target)).toEqual({ status: 'passed' })
    })
  }
})
