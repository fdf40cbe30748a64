import type { Patch } from './bundle.ts'

/** A deliberate mistake in core, and the case of the suite that exists to catch it. */
export interface Mutant {
  readonly id: string
  /** What it does wrong, as a sentence. */
  readonly mistake: string
  /** The id of a conformance case. */
  readonly caughtBy: string
  readonly patches: readonly Patch[]
}

/** Collects the mutants of one file or more. */
export function mutants() {
  const all: Mutant[] = []
  function add(id: string, mistake: string, caughtBy: string, ...patches: readonly Patch[]): void {
    all.push({ id, mistake, caughtBy, patches })
  }
  return { all, add }
}

/** Patches of one file: what to find, and what to put in its place. */
export const inFile =
  (file: string) =>
  (find: string, replace: string): Patch => ({ file, find, replace })
