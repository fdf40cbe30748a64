export { postgresAdvisoryBackend } from './advisory/advisory.ts'
export type { ConnectSession, PostgresAdvisoryBackendOptions } from './advisory/options.ts'
export { fence, isStaleToken } from './fence.ts'
export { type LockInTransactionOptions, lockInTransaction } from './lock-in-transaction.ts'
export { migrate } from './migrate.ts'
export type {
  PostgresClient,
  PostgresConnection,
  PostgresListenClient,
  PostgresNotification,
  PostgresPool,
  PostgresPoolClient,
  PostgresRow,
  PostgresSessionClient,
  PostgresStatement,
} from './postgres-shapes.ts'
export { type PruneOptions, prune } from './prune.ts'
export type { PostgresQuery } from './query-statements.ts'
export { type PostgresRowsBackendOptions, postgresRowsBackend } from './rows.ts'
export { type SchemaOptions, schemaSql } from './schema-sql.ts'
export { type TransactionLockOptions, withTransactionLock } from './transaction-lock.ts'
