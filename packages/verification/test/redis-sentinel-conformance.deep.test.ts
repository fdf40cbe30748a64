import { startRedisSentinelTarget } from '../src/redis/target.ts'
import { meaninglessOnRedis } from './meaningless-on-redis.ts'
import { itPassesTheSuite } from './suite.ts'

// As with one Redis. All cases.
itPassesTheSuite(await startRedisSentinelTarget(), meaninglessOnRedis)
