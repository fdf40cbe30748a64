import { startPoorQuorumTarget } from '../src/redis-quorum/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with three servers: five, of which two are down. All cases.
itPassesTheSuite(await startPoorQuorumTarget(), [
  'fifo',
  'tryAcquireAll',
  'collidingKeys',
  'tellsLosses',
  'selfPolling',
  'raiseTokens',
  'openRefused',
  'stall',
  'permits',
  'list',
  'annotate',
  'watch',
  'forceRelease',
])
