import { bundledEngine } from '../src/simulation/bundled-engine.ts'
import {
  mutantsSeenInAnswers,
  seedsSeenInAnswers,
  seedThatCatches,
  simulatedMutants,
} from '../src/simulation/mutants.ts'
import { bundledQuorum } from '../src/simulation/quorum/quorum-engine.ts'
import { quorumMutants, quorumSeedThatCatches } from '../src/simulation/quorum/quorum-mutants.ts'
import { simulateQuorum } from '../src/simulation/quorum/simulate-quorum.ts'
import { recordedSeeds, seedFoundAgain } from '../src/simulation/seeds-that-catch.ts'
import { simulate } from '../src/simulation/simulate.ts'
import { oneIn } from './mutants.ts'
import { describeSimulatedMutants } from './simulated-mutants.ts'

// One in five, each looked for where it was caught last, and only then from the first seed on, as `simulation.deep.test.ts` does with all.

/** As many seeds as the true engine passes in `simulation.test.ts`. */
const SEEDS = 150
/** Likewise, in `simulation-quorum.test.ts`. */
const QUORUM_SEEDS = 120

const recorded = recordedSeeds()

describeSimulatedMutants({
  title: 'the simulation catches',
  mutants: oneIn(5, simulatedMutants()),
  trueEngine: bundledEngine,
  find: (mutant) => seedFoundAgain(mutant, SEEDS, seedThatCatches, recorded),
  violations: async (seed, engine) => (await simulate(seed, engine)).violations,
})

describeSimulatedMutants({
  title: 'the search finds in the answers of',
  mutants: oneIn(5, mutantsSeenInAnswers()),
  trueEngine: bundledEngine,
  find: (mutant) => seedFoundAgain(mutant, SEEDS, seedThatCatches, seedsSeenInAnswers),
  violations: async (seed, engine) => (await simulate(seed, engine, { searched: true })).violations,
})

describeSimulatedMutants({
  title: 'the simulation of a quorum catches',
  mutants: oneIn(5, quorumMutants),
  trueEngine: bundledQuorum,
  find: (mutant) => seedFoundAgain(mutant, QUORUM_SEEDS, quorumSeedThatCatches, recorded),
  violations: async (seed, engine) => (await simulateQuorum(seed, engine)).violations,
})
