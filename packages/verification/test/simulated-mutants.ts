import { beforeAll, describe, expect, it } from 'vitest'
import type { Violation } from '../src/simulation/violation.ts'

interface Caught {
  readonly id: string
  readonly mistake: string
  readonly rule: string
}

export interface MutantsOfASimulation<M extends Caught, E> {
  readonly title: string
  readonly mutants: readonly M[]
  readonly trueEngine: () => Promise<E>
  /** A seed in which the mutant breaks its rule. */
  readonly find: (mutant: M) => Promise<number | undefined>
  readonly violations: (seed: number, engine: E) => Promise<readonly Violation[]>
}

/** Each mutant must break its rule, in a seed in which the true engine breaks none. */
export function describeSimulatedMutants<M extends Caught, E>(simulation: MutantsOfASimulation<M, E>): void {
  const { title, mutants, trueEngine, find, violations } = simulation

  describe(title, () => {
    let engine: E
    beforeAll(async () => {
      // The engine makes an error for every time-out: to collect their stacks would take longer than all the rest.
      Error.stackTraceLimit = 0
      engine = await trueEngine()
    })

    for (const mutant of mutants) {
      it(`${mutant.id}: ${mutant.mistake} (${mutant.rule})`, async () => {
        const seed = (await find(mutant)) ?? Number.NaN
        expect(seed).toBeGreaterThan(0)
        expect(await violations(seed, engine)).toEqual([])
      }, 600_000)
    }
  })
}
