import { startRedisSentinelTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './redis-cases.ts'

itPassesTheSuite('Redis behind sentinels', await startRedisSentinelTarget())
