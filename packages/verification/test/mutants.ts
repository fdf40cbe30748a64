import { describe, expect, it } from 'vitest'
import type { Mutant } from '../src/mutants/mutant.ts'
import { verdictOn } from '../src/mutants/verdict.ts'

/** Each mutant must fail the case that names it; core as it is must pass all of those cases. */
export function describeMutants(kind: string, mutants: readonly Mutant[]): void {
  const cases = [...new Set(mutants.map(({ caughtBy }) => caughtBy))]

  describe(kind, () => {
    it('has names of its own for all', () => {
      expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length)
    })

    it('leaves core itself in peace', async () => {
      const verdict = await verdictOn([], cases)
      expect(verdict.failed).toEqual([])
      expect([...verdict.passed].sort()).toEqual([...cases].sort())
    })

    for (const { id, mistake, caughtBy, patches } of mutants) {
      it(`${id}: ${mistake}; caught by ${caughtBy}`, async () => {
        const verdict = await verdictOn(patches, [caughtBy])
        expect(verdict.failed.map((failure) => failure.id)).toEqual([caughtBy])
      })
    }
  })
}
