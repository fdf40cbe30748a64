import { startNodeRedisTarget } from '../src/redis/target.ts'
import { meaninglessOnRedis } from './meaningless-on-redis.ts'
import { itPassesTheSuite } from './suite.ts'

// As with `ioredis`. All cases.
itPassesTheSuite(await startNodeRedisTarget(), meaninglessOnRedis)
