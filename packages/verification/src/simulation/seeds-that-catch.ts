import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const RECORD = fileURLToPath(new URL('./seeds-that-catch.json', import.meta.url))

/** By the id of the mutant. */
export type SeedsThatCatch = Readonly<Record<string, number>>

/**
 * The seed in which each mutant was caught when this was last recorded. A place to look first, no more: a change of the engine, or of the
 * simulation, makes other runs of the same seeds.
 */
export const recordedSeeds = (): SeedsThatCatch => JSON.parse(readFileSync(RECORD, 'utf8'))

export function recordSeeds(seeds: SeedsThatCatch): void {
  writeFileSync(RECORD, `${JSON.stringify(seeds, null, 2)}\n`)
}

type Find<M> = (mutant: M, seeds: number) => Promise<number | undefined>

/** Looks where the mutant was caught last, and then, from its first seed on, in so many. */
export async function seedFoundAgain<M extends { readonly id: string }>(
  mutant: M,
  seeds: number,
  find: Find<M & { readonly from?: number }>,
  recorded: SeedsThatCatch,
): Promise<number | undefined> {
  const from = recorded[mutant.id]
  const again = from === undefined ? undefined : await find({ ...mutant, from }, 1)
  return again ?? find(mutant, seeds)
}
