import type { ConformanceCase } from './case.ts'
import { acquireCases } from './groups/acquire.ts'
import { ambiguityCases } from './groups/ambiguity.ts'
import { linkCases } from './groups/broken-links.ts'
import { electionCases } from './groups/election.ts'
import { faultCases } from './groups/faults.ts'
import { fencingCases } from './groups/fencing.ts'
import { hygieneCases } from './groups/hygiene.ts'
import { inputCases } from './groups/input.ts'
import { operatorCases } from './groups/operators.ts'
import { passedTurnCases } from './groups/passed-turns.ts'
import { permitCases } from './groups/permits.ts'
import { portabilityCases } from './groups/portability.ts'
import { renewCases } from './groups/renew.ts'
import { secretCases } from './groups/secrets.ts'
import { sharedCases } from './groups/shared.ts'
import { toldLossCases } from './groups/told-losses.ts'
import { ttlCases } from './groups/ttl.ts'
import { serverWaitCases } from './groups/wait-at-the-server.ts'
import { lineWaitCases } from './groups/wait-in-line.ts'

/** Every case of the suite. */
export const conformanceCases: readonly ConformanceCase[] = [
  ...acquireCases,
  ...ttlCases,
  ...renewCases,
  ...toldLossCases,
  ...serverWaitCases,
  ...lineWaitCases,
  ...sharedCases,
  ...permitCases,
  ...electionCases,
  ...operatorCases,
  ...fencingCases,
  ...passedTurnCases,
  ...ambiguityCases,
  ...faultCases,
  ...linkCases,
  ...inputCases,
  ...hygieneCases,
  ...secretCases,
  ...portabilityCases,
]
