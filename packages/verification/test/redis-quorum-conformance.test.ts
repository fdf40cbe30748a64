import { startQuorumTarget } from '../src/redis-quorum/target.ts'
import { itPassesTheSuite } from './suite.ts'

// Whoever waits is called up in order, but whoever asks at the right moment may be first; groups are taken and released one by one; no session ends; no two keys share a place.
itPassesTheSuite(await startQuorumTarget(), [
  'fifo',
  'tryAcquireAll',
  'releaseAll',
  'collidingKeys',
  'tellsLosses',
  'raiseTokens',
  'stall',
])
