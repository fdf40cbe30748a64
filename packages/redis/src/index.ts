export { type RedisOptions, redis } from './backend.ts'
export { type FencedSetOptions, fencedSet } from './fenced-set.ts'
export type { RedisClient, RedisCommander, RedisConnection } from './redis-shapes.ts'
