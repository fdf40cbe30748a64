import { startRedisTarget } from '../src/redis/target.ts'
import { meaninglessOnRedis } from './meaningless-on-redis.ts'
import { itPassesTheSuite } from './suite.ts'

itPassesTheSuite(await startRedisTarget(), meaninglessOnRedis)
