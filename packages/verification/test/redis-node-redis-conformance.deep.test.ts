import { startNodeRedisTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with `ioredis`. All cases.
itPassesTheSuite(await startNodeRedisTarget(), [
  'survivesRestart',
  'collidingKeys',
  'tellsLosses',
  'raiseTokens',
  'stall',
  'watch',
])
