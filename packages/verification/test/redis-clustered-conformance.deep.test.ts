import { startClusteredRedisTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with one Redis. All cases.
itPassesTheSuite(await startClusteredRedisTarget(), [
  'survivesRestart',
  'collidingKeys',
  'tellsLosses',
  'raiseTokens',
  'stall',
  'watch',
])
