import { claimMutants } from './backend/claims.ts'
import { exclusionMutants } from './backend/exclusion.ts'
import { holdMutants } from './backend/holds.ts'
import { keyMutants } from './backend/keys.ts'
import { partMutants } from './backend/parts.ts'
import { tokenMutants } from './backend/tokens.ts'
import { waitingMutants } from './backend/waiting.ts'
import type { Mutant } from './mutant.ts'

/** Broken backends: the memory backend with one mistake each. */
export const backendMutants: readonly Mutant[] = [
  ...tokenMutants,
  ...holdMutants,
  ...exclusionMutants,
  ...waitingMutants,
  ...claimMutants,
  ...keyMutants,
  ...partMutants,
]
