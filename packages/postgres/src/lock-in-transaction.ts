import { Mark, oneConnection } from './one-connection.ts'
import type { PostgresConnection } from './postgres-shapes.ts'
import type { PostgresQuery } from './query-statements.ts'
import { advisoryPlace, checkedWait, locked, notGranted, TURN_MS } from './transaction-lock.ts'

export interface LockInTransactionOptions {
  /** How long to wait for the lock, in whole milliseconds, 0 to 1000. Default 0: one attempt. Who wants to wait for longer begins a new transaction: one that waits holds up who builds an index concurrently. */
  readonly waitMs?: number | undefined
}

/**
 * As `withTransactionLock`, and the same lock, in a transaction that somebody's library has begun, and ends. `transaction` is its connection, or a function that runs a statement in it. Until it ends, nobody else has the
 * lock. Throws `ACQUIRE_TIMEOUT` where it was not granted in time: then end the transaction. Throws `TypeError` where statements are no transaction, or go to several connections, and where the transaction is not `read committed`: it
 * would see the database as it was before the lock was waited for.
 */
export async function lockInTransaction(
  transaction: PostgresConnection | PostgresQuery,
  key: string,
  options: LockInTransactionOptions = {},
): Promise<void> {
  const waitMs = checkedWait(options.waitMs ?? 0, TURN_MS)
  const place = advisoryPlace(key)
  const connection = oneConnection(transaction)
  const mark = new Mark(connection, 'taking')
  await mark.set()
  const isolation = await mark.ask(`current_setting('transaction_isolation')`)
  if (isolation !== 'read committed') throw new TypeError(`the transaction must be read committed; it is ${isolation}`)
  if (!(await locked(connection, mark, place, waitMs))) throw notGranted(key, waitMs)
}
