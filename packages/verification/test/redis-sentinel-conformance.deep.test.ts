import { startRedisSentinelTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with one Redis. All cases.
itPassesTheSuite(await startRedisSentinelTarget(), [
  'survivesRestart',
  'collidingKeys',
  'tellsLosses',
  'raiseTokens',
  'stall',
  'watch',
])
