export { type RedisBackendOptions, redisBackend } from './backend.ts'
export type { AskCredentials, RedisCredentials } from './clients/credentials.ts'
export type { RedisSentinels } from './clients/sentinels.ts'
export { type FencedSetOptions, fencedSet } from './fenced-set.ts'
export { type RedisQuorumBackendOptions, redisQuorumBackend } from './quorum/redis-quorum.ts'
export type {
  NodeAddressMap,
  NodeRedisClient,
  NodeRedisClusterClient,
  NodeRedisClusterCommander,
  NodeRedisClusterDuplicate,
  NodeRedisDuplicate,
  NodeRedisOptions,
  NodeRedisSentinelCommander,
  RedisClient,
  RedisClusterClient,
  RedisClusterConnection,
  RedisCommander,
  RedisConnection,
  RedisNode,
} from './redis-shapes.ts'
export type { WaitReplicas } from './replicas.ts'
