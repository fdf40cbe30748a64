import { beforeAll, describe, expect, it } from 'vitest'
import { bundledEngine } from '../src/simulation/bundled-engine.ts'
import type { Engine } from '../src/simulation/engine.ts'
import { seedThatCatches, simulatedMutants } from '../src/simulation/mutants.ts'
import { simulate } from '../src/simulation/simulate.ts'

/** As many seeds as the true engine passes in `simulation.test.ts`. */
const SEEDS = 250

let trueEngine: Engine
beforeAll(async () => {
  Error.stackTraceLimit = 0
  trueEngine = await bundledEngine()
})

describe('the simulation catches', () => {
  for (const mutant of simulatedMutants()) {
    it(`${mutant.id}: ${mutant.mistake} (${mutant.rule})`, async () => {
      const seed = (await seedThatCatches(mutant, SEEDS)) ?? Number.NaN
      expect(seed).toBeGreaterThan(0)
      expect((await simulate(seed, trueEngine)).violations).toEqual([])
    }, 60_000)
  }
})
