import { startClusteredRedisTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with one Redis that does not keep to slots. Where it differs: in batches. All else is asked of it in `redis-clustered-conformance.deep.test.ts`.
itPassesTheSuite(
  await startClusteredRedisTarget(),
  ['survivesRestart', 'collidingKeys', 'tellsLosses', 'raiseTokens', 'stall', 'watch'],
  ['acquire', 'renew'],
)
