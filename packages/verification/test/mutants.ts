import { describe, expect, it } from 'vitest'
import { staleIn } from '../src/mutants/bundle.ts'
import type { Mutant } from '../src/mutants/mutant.ts'
import { verdictOn } from '../src/mutants/verdict.ts'

/** Each mutant must fail the case that names it; core as it is must pass all of those cases. */
export function describeMutants(kind: string, mutants: readonly Mutant[]): void {
  const cases = [...new Set(mutants.map(({ caughtBy }) => caughtBy))]

  describe(kind, () => {
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

/** All have a name of their own, and what they change is there: a patch that went stale is seen at once, although the deep tier alone tries every one. */
export function describeNames(kind: string, mutants: readonly Mutant[]): void {
  describe(kind, () => {
    it('have names of their own', () => {
      expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length)
    })

    it('find what they change', async () => {
      expect(await staleIn(mutants.map(({ patches }) => patches))).toEqual([])
    })
  })
}

/** Every so manieth: those of one kind stand side by side, so that of each some are tried. */
export const oneIn = <T>(count: number, all: readonly T[]): T[] => all.filter((_, index) => index % count === 0)
