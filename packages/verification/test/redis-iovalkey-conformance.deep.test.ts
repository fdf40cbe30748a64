import { startIovalkeyTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with `ioredis`. All cases.
itPassesTheSuite(await startIovalkeyTarget(), [
  'survivesRestart',
  'collidingKeys',
  'tellsLosses',
  'raiseTokens',
  'stall',
  'watch',
])
