import { startPoorQuorumTarget } from '../src/redis-quorum/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with three servers: five, of which two are down. What they have in common with three is asked of these in `redis-quorum-5-conformance.deep.test.ts`.
itPassesTheSuite(
  await startPoorQuorumTarget(),
  ['fifo', 'tryAcquireAll', 'collidingKeys', 'tellsLosses', 'raiseTokens', 'openRefused', 'stall', 'permits'],
  ['fencing', 'faults'],
)
