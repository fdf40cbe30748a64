import { startNodeRedisSentinelTarget } from '../src/redis/target.ts'
import { meaninglessOnRedis } from './meaningless-on-redis.ts'
import { itPassesTheSuite } from './suite.ts'

// As with sentinels by `ioredis`. All cases.
itPassesTheSuite(await startNodeRedisSentinelTarget(), meaninglessOnRedis)
