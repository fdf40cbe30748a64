export { fence } from './fence.ts'
export { migrate } from './migrate.ts'
export type {
  PostgresClient,
  PostgresListenClient,
  PostgresNotification,
  PostgresPool,
  PostgresPoolClient,
  PostgresRow,
} from './postgres-shapes.ts'
export { prune } from './prune.ts'
export { type PostgresRowsOptions, postgresRows } from './rows.ts'
export { type SchemaOptions, schemaSql } from './schema-sql.ts'
export { type TransactionLockOptions, withTransactionLock } from './transaction-lock.ts'
