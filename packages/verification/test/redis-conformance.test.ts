import { startRedisTarget } from '../src/redis/target.ts'
import { itPassesTheSuite } from './redis-cases.ts'

itPassesTheSuite('one Redis', await startRedisTarget())
