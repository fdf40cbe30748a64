import { LeaseholdError } from '@leasehold/core'
import { placeOf } from './place.ts'
import type { PostgresClient, TransactionAware } from './postgres-shapes.ts'

export interface TransactionLockOptions {
  /** How long to wait for the lock, in whole milliseconds, 0 to 2147483647. Default 0: one attempt. */
  readonly waitMs?: number
}

/** `lock_timeout` ended the wait. */
const LOCK_NOT_AVAILABLE = '55P03'
const LONGEST_WAIT_MS = 2_147_483_647

/**
 * Runs `work` in a transaction of this client that holds an advisory lock, and commits; rolls back if `work` throws. The lock is freed by
 * the end of the transaction, however that comes about, and needs neither TTL nor token. Works through PgBouncer in transaction mode.
 * Its isolation is `read committed`, whatever the default: the work sees what the holder before it has written.
 *
 * The key is hashed to 64 bits: a collision may make two keys exclude each other, and does nothing worse. Needs no schema.
 * Throws `ACQUIRE_TIMEOUT`, with nothing left open, when the lock was not granted in time.
 */
export async function withTransactionLock<Result, Client extends PostgresClient>(
  client: Client,
  key: string,
  work: (client: Client) => Promise<Result>,
  options: TransactionLockOptions = {},
): Promise<Result> {
  const waitMs = checkedWait(options.waitMs ?? 0)
  const place = advisoryPlace(key)
  assertIdle(client)
  // With any other one the work would see the database as it was before the lock was waited for.
  await client.query('begin isolation level read committed')
  try {
    if (!(await locked(client, place, waitMs))) throw notGranted(key, waitMs)
    const result = await work(client)
    await commit(client)
    return result
  } catch (error) {
    // Where the connection is gone, so is the transaction. What went wrong first is what counts.
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** Of a transaction in which a statement failed, `commit` is a rollback, and no error. */
async function commit(client: PostgresClient): Promise<void> {
  const { command } = (await client.query('commit')) as { readonly command?: string }
  if (command === 'ROLLBACK') throw new Error('a statement of the work had failed: its transaction was rolled back')
}

async function locked(client: PostgresClient, place: string, waitMs: number): Promise<boolean> {
  if (waitMs === 0) {
    const { rows } = await client.query('select pg_try_advisory_xact_lock($1) as locked', [place])
    return rows[0]?.['locked'] === true
  }
  const { rows } = await client.query(
    `select current_setting('lock_timeout') as before, set_config('lock_timeout', $1, true)`,
    [`${waitMs}ms`],
  )
  try {
    await client.query('select pg_advisory_xact_lock($1)', [place])
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) return false
    throw error
  }
  // The time was meant for this lock, not for those that the work takes.
  await client.query(`select set_config('lock_timeout', $1, true)`, [rows[0]?.['before']])
  return true
}

/** `begin` would only warn, and the end of the work would end a transaction that is somebody else's. */
function assertIdle(client: PostgresClient & TransactionAware): void {
  const status = client.getTransactionStatus?.() ?? 'I'
  if (status !== 'I') throw new Error('the client is in a transaction already: the lock needs one of its own')
}

function checkedWait(waitMs: number): number {
  if (Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= LONGEST_WAIT_MS) return waitMs
  throw new RangeError(`waitMs must be a whole number from 0 to ${LONGEST_WAIT_MS}; got ${waitMs}`)
}

function advisoryPlace(key: string): string {
  if (typeof key !== 'string' || key === '') throw new TypeError('key must be a string that is not empty')
  return String(placeOf(`leasehold:${key}`))
}

const notGranted = (key: string, waitMs: number): LeaseholdError =>
  new LeaseholdError('ACQUIRE_TIMEOUT', `${JSON.stringify(key)} was not granted within ${waitMs} ms`, { key })
