import { searchHistory } from '@leasehold/core/conformance'
import { expect, it } from 'vitest'
import { porcupineVerdicts } from '../src/linearizability/porcupine-verdicts.ts'

it('a hundred histories have the verdict that Porcupine gave', () => {
  const judged = porcupineVerdicts()
  expect(judged).toHaveLength(100)
  const verdicts = judged.map(({ history }) => (searchHistory(history).faults.length === 0 ? 'Ok' : 'Illegal'))
  expect(verdicts).toEqual(judged.map(({ porcupine }) => porcupine))
  expect(verdicts.filter((verdict) => verdict === 'Illegal').length).toBeGreaterThan(25)
})
