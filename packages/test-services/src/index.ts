export { type EtcdCluster, startEtcdCluster } from './etcd/cluster.ts'
export { startEtcdGrpcProxy } from './etcd/grpc-proxy.ts'
export { startEtcd } from './etcd/single.ts'
export { ChildProgram, type Program } from './faults/child-program.ts'
export { compiled } from './faults/compiled.ts'
export type { Direction, Target } from './faults/proxied-connection.ts'
export { TcpProxy } from './faults/tcp-proxy.ts'
export { Lateness } from './machine/lateness.ts'
export { type PgBouncerOptions, startPgBouncer } from './pgbouncer.ts'
export { startPostgres } from './postgres.ts'
export {
  type PostgresWithClock,
  type PostgresWithDisk,
  startPostgresWithClock,
  startPostgresWithDisk,
} from './postgres-altered.ts'
export { askRedis } from './redis/ask.ts'
export { type RedisCluster, startClusteredRedis, startRedisCluster, startRedisClusterReplica } from './redis/cluster.ts'
export { type RedisSentinels, startRedisSentinels } from './redis/sentinel.ts'
export { type RedisWithClock, startRedisWithClock } from './redis/shifted-clock.ts'
export { startRedis, startRedisReplica } from './redis/single.ts'
export type { RestartOptions, Server, ServerOptions, Settings } from './server.ts'
export { type Finding, installMissing, surveyServers } from './survey.ts'
export { until } from './until.ts'
