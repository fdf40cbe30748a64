import { startNodeRedisSentinelTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with sentinels by `ioredis`. All cases.
itPassesTheSuite(await startNodeRedisSentinelTarget(), [
  'survivesRestart',
  'collidingKeys',
  'tellsLosses',
  'raiseTokens',
  'stall',
  'watch',
])
