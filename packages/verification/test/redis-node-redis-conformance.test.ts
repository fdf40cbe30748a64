import { startNodeRedisTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with `ioredis`. What does not depend on the library is asked of this one in `redis-node-redis-conformance.deep.test.ts`.
itPassesTheSuite(
  await startNodeRedisTarget(),
  ['survivesRestart', 'collidingKeys', 'tellsLosses', 'raiseTokens', 'stall', 'watch'],
  ['acquire'],
)
