import { startNodeRedisClusterTarget } from '../src/redis/target.ts'
import { meaninglessOnRedis } from './meaningless-on-redis.ts'
import { itPassesTheSuite } from './suite.ts'

// As with a Cluster by `ioredis`. All cases.
itPassesTheSuite(await startNodeRedisClusterTarget(), meaninglessOnRedis)
