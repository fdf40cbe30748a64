import { startNodeRedis6Target } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with `ioredis`. All cases.
itPassesTheSuite(await startNodeRedis6Target(), [
  'survivesRestart',
  'collidingKeys',
  'tellsLosses',
  'raiseTokens',
  'stall',
  'watch',
])
