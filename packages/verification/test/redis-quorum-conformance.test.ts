import { startQuorumTarget } from '../src/redis-quorum/target.ts'
import { itPassesTheSuite } from './suite.ts'

// Whoever waits is called up in order, but whoever asks at the right moment may be first; no permits are granted, and nothing is listed, annotated, watched or forced; groups are taken one by one; no session ends; no two keys share a place.
itPassesTheSuite(await startQuorumTarget(), [
  'fifo',
  'tryAcquireAll',
  'collidingKeys',
  'tellsLosses',
  'selfPolling',
  'raiseTokens',
  'stall',
  'permits',
  'list',
  'annotate',
  'watch',
  'forceRelease',
])
