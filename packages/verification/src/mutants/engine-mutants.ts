import { attemptMutants } from './engine/attempts.ts'
import { crossingMutants } from './engine/crossings.ts'
import { endingMutants } from './engine/ending.ts'
import { inputMutants } from './engine/input.ts'
import { outcomeMutants } from './engine/outcome.ts'
import { passingMutants } from './engine/passing.ts'
import { renewalMutants } from './engine/renewal.ts'
import { validityMutants } from './engine/validity.ts'
import { waitingMutants } from './engine/waiting.ts'
import type { Mutant } from './mutant.ts'

/** Broken policies: the engine with one mistake each. */
export const engineMutants: readonly Mutant[] = [
  ...validityMutants,
  ...renewalMutants,
  ...waitingMutants,
  ...endingMutants,
  ...attemptMutants,
  ...crossingMutants,
  ...passingMutants,
  ...outcomeMutants,
  ...inputMutants,
]
