import { beforeAll, describe, expect, it } from 'vitest'
import { bundledEngine } from '../src/simulation/bundled-engine.ts'
import { mutantsSeenInAnswers, seedThatCatches, simulatedMutants } from '../src/simulation/mutants.ts'
import { runQuorumBatch } from '../src/simulation/quorum/quorum-batch.ts'
import { bundledQuorum } from '../src/simulation/quorum/quorum-engine.ts'
import { quorumMutants, quorumSeedThatCatches } from '../src/simulation/quorum/quorum-mutants.ts'
import { simulateQuorum } from '../src/simulation/quorum/simulate-quorum.ts'
import type { SimulationReport } from '../src/simulation/report.ts'
import { simulate } from '../src/simulation/simulate.ts'
import { command } from './command.ts'
import { describeSimulatedMutants } from './simulated-mutants.ts'

const HOUR_MS = 3_600_000
/** From the first one on, whatever seed is on record. */
const SEEDS = 250

beforeAll(() => {
  Error.stackTraceLimit = 0
})

describe('ten thousand worlds', () => {
  it(
    'break no rule, and everything that is counted has happened in them',
    async () => {
      const { stdout, status } = await command('simulation/cli.ts', '--seeds', '10000', '--json')
      const report = JSON.parse(stdout) as SimulationReport
      expect(report).toMatchObject({ seeds: 10_000, violations: [], unseen: [] })
      const { keysUndecided, ...seen } = report.events
      for (const [name, count] of Object.entries(seen)) expect([name, count > 0]).toEqual([name, true])
      expect(keysUndecided / seen.keysSearched).toBeLessThan(0.01)
      expect(status).toBe(0)
    },
    HOUR_MS,
  )
})

describe('a thousand quorums', () => {
  it(
    'break no rule, and everything that is counted has happened in them',
    async () => {
      const { violations, events } = await runQuorumBatch({ from: 1, seeds: 1000 })
      expect(violations).toEqual([])
      for (const [name, count] of Object.entries(events)) expect([name, count > 0]).toEqual([name, true])
    },
    HOUR_MS,
  )
})

describeSimulatedMutants({
  title: 'from the first seed on, the simulation catches',
  mutants: simulatedMutants(),
  trueEngine: bundledEngine,
  find: (mutant) => seedThatCatches(mutant, SEEDS),
  violations: async (seed, engine) => (await simulate(seed, engine)).violations,
})

describeSimulatedMutants({
  title: 'from the first seed on, the search finds in the answers of',
  mutants: mutantsSeenInAnswers(),
  trueEngine: bundledEngine,
  find: (mutant) => seedThatCatches(mutant, SEEDS),
  violations: async (seed, engine) => (await simulate(seed, engine, { searched: true })).violations,
})

describeSimulatedMutants({
  title: 'from the first seed on, the simulation of a quorum catches',
  mutants: quorumMutants,
  trueEngine: bundledQuorum,
  find: (mutant) => quorumSeedThatCatches(mutant, SEEDS),
  violations: async (seed, engine) => (await simulateQuorum(seed, engine)).violations,
})
