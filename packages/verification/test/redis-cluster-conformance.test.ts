import { startRedisClusterTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with one Redis. What it has in common with it is asked in `redis-cluster-conformance.deep.test.ts`.
itPassesTheSuite(
  await startRedisClusterTarget(),
  ['survivesRestart', 'collidingKeys', 'tellsLosses', 'raiseTokens', 'stall', 'watch'],
  ['acquire', 'operators', 'fencing'],
)
