import { startNodeRedisClusterTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with a Cluster by `ioredis`. All cases.
itPassesTheSuite(await startNodeRedisClusterTarget(), [
  'survivesRestart',
  'collidingKeys',
  'tellsLosses',
  'raiseTokens',
  'stall',
  'watch',
])
