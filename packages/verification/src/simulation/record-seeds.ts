// Writes down anew in which seed each mutant is caught: `npx pnpm -C packages/verification record-seeds`

import { seedThatCatches, simulatedMutants } from './mutants.ts'
import { quorumMutants, quorumSeedThatCatches } from './quorum/quorum-mutants.ts'
import { recordSeeds } from './seeds-that-catch.ts'

/** As many as the deep tests look at. */
const SEEDS = 250

// The engine makes an error for every time-out: to collect their stacks would take longer than all the rest.
Error.stackTraceLimit = 0

const found: Record<string, number> = {}

async function look<M extends { readonly id: string }>(
  mutants: readonly M[],
  find: (mutant: M, seeds: number) => Promise<number | undefined>,
): Promise<void> {
  for (const mutant of mutants) {
    const seed = await find(mutant, SEEDS)
    if (seed === undefined) console.error(`${mutant.id} is not caught in ${SEEDS} seeds`)
    else found[mutant.id] = seed
  }
}

await look(simulatedMutants(), seedThatCatches)
await look(quorumMutants, quorumSeedThatCatches)
recordSeeds(found)
// Who waited in a process that was killed waits for ever, and keeps this one alive.
process.exit()
