import { beforeAll, describe, expect, it } from 'vitest'
import { seedThatCatches, simulatedMutants } from '../src/simulation/mutants.ts'

/** As many seeds as the true engine passes in `simulation.test.ts`. */
const SEEDS = 250

beforeAll(() => {
  Error.stackTraceLimit = 0
})

describe('the simulation catches', () => {
  for (const mutant of simulatedMutants()) {
    it(`${mutant.id}: ${mutant.mistake} (${mutant.rule})`, async () => {
      expect(await seedThatCatches(mutant, SEEDS)).toBeDefined()
    }, 60_000)
  }
})
