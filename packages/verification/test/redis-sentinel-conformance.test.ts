import { startRedisSentinelTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with one Redis. What they have in common with it is asked of these in `redis-sentinel-conformance.deep.test.ts`.
itPassesTheSuite(
  await startRedisSentinelTarget(),
  ['survivesRestart', 'collidingKeys', 'tellsLosses', 'raiseTokens', 'stall', 'watch'],
  ['fencing'],
)
