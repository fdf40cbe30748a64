import { startRedisClusterTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './redis-cases.ts'

itPassesTheSuite('a Redis Cluster', await startRedisClusterTarget())
