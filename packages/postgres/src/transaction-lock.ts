import { LeaseholdError } from '@leasehold/core'
import { assertOneConnection, ELSEWHERE, Mark } from './one-connection.ts'
import { placeOf } from './place.ts'
import type { PostgresConnection, TransactionAware } from './postgres-shapes.ts'

export interface TransactionLockOptions {
  /** How long to wait for the lock, in whole milliseconds, 0 to 2147483647. Default 0: one attempt. */
  readonly waitMs?: number | undefined
}

/** A statement of the transaction has failed: it can only be rolled back. */
const IN_FAILED_TRANSACTION = '25P02'
const LONGEST_WAIT_MS = 2_147_483_647
/** How long a wait may block in one go, in one transaction: while it does, it keeps what was deleted from being cleaned up, and an index from being built concurrently. */
export const TURN_MS = 1000

/** For this transaction. */
const set = (name: string, value: string): string => `set_config('${name}', ${value}, true)`

/** That of the role's statements is not meant for a wait, and is put back when that is over. */
const KEEP_LIMIT = `${set('leasehold.statement_timeout', `current_setting('statement_timeout')`)}, ${set('statement_timeout', `'0'`)}`
const PUT_BACK = set('statement_timeout', `current_setting('leasehold.statement_timeout')`)

/** What a turn came to. */
const CAME = `case current_setting('leasehold.lock', true) when 'granted' then left(${PUT_BACK}, 0) || 'true' else 'false' end`

/**
 * Runs `work` in a transaction of this client that holds an advisory lock, and commits; rolls back if `work` throws. The lock is freed by
 * the end of the transaction, however that comes about, and needs neither TTL nor token. Works through PgBouncer in transaction mode.
 * Its isolation is `read committed`, whatever the default: the work sees what the holder before it has written.
 *
 * The client must be one connection, and no pool: that is a `TypeError`, before the work begins. Work that ends the transaction by itself has lost
 * the lock, and is told so by an error at its end.
 *
 * The key is hashed to 64 bits: a collision may make two keys exclude each other, and does nothing worse. Needs no schema.
 * Throws `ACQUIRE_TIMEOUT`, with nothing left open, when the lock was not granted in time. A wait of more than a second is taken up anew each second, at the
 * end of the line.
 */
export async function withTransactionLock<Result, Client extends PostgresConnection>(
  client: Client,
  key: string,
  work: (client: Client) => Promise<Result>,
  options: TransactionLockOptions = {},
): Promise<Result> {
  const waitMs = checkedWait(options.waitMs ?? 0, LONGEST_WAIT_MS)
  const place = advisoryPlace(key)
  assertOneConnection(client)
  await assertIdle(client)
  const untilMs = performance.now() + waitMs
  let leftMs = waitMs
  do {
    const mark = await begun(client)
    try {
      if (await locked(client, mark, place, Math.min(leftMs, TURN_MS))) return await worked(client, mark, work)
    } catch (error) {
      await rollBack(client)
      throw error
    }
    // Whoever builds an index waits for the end of all transactions in which he has seen a wait.
    await rollBack(client)
    leftMs = Math.ceil(untilMs - performance.now())
  } while (leftMs > 0)
  throw notGranted(key, waitMs)
}

async function begun(client: PostgresConnection): Promise<Mark> {
  const mark = new Mark(client, 'transaction')
  // With any other isolation the work would see the database as it was before the lock was waited for.
  await client.query('begin isolation level read committed')
  const before = await mark.set().catch(async (error: unknown) => {
    await rollBack(client)
    throw error
  })
  // Another one's: nothing was begun here that could be ended.
  if (before !== '') throw new TypeError(ELSEWHERE)
  return mark
}

async function worked<Result, Client extends PostgresConnection>(
  client: Client,
  mark: Mark,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const result = await work(client)
  // Of a transaction in which a statement failed, `commit` would be a rollback, and no error.
  const isThere = await mark.isThere().catch((cause: unknown) => {
    if ((cause as { code?: unknown }).code !== IN_FAILED_TRANSACTION) throw cause
    throw new Error('a statement of the work had failed: its transaction was rolled back', { cause })
  })
  if (!isThere)
    throw new Error('the transaction of the lock was ended before the work was: others may have had the lock')
  await client.query('commit')
  return result
}

/** Where the connection is gone, so is the transaction. What went wrong first is what counts. */
async function rollBack(client: PostgresConnection): Promise<void> {
  await client.query('rollback').catch(() => {})
}

/** Resolves with whether it was granted, in a wait of one second at most. */
export async function locked(client: PostgresConnection, mark: Mark, place: string, waitMs: number): Promise<boolean> {
  if (waitMs === 0) return (await mark.ask(`pg_try_advisory_xact_lock(${place})`)) === 'true'
  await client.query(`select ${KEEP_LIMIT}`)
  await client.query(turn(mark, place, waitMs))
  return (await mark.ask(CAME)) === 'true'
}

/** In vain it is no error, which the server would note in its log, each second. What is set is then as it was. */
const turn = (mark: Mark, place: string, turnMs: number): string => `do $$
declare before text := current_setting('lock_timeout');
begin
  if ${mark.isHere} then
    perform ${set('lock_timeout', `'${turnMs}ms'`)};
    perform pg_advisory_xact_lock(${place});
    perform ${set('lock_timeout', 'before')}, ${set('leasehold.lock', `'granted'`)};
  end if;
exception when lock_not_available then null;
end $$`

/** `begin` would only warn, and the end of the work would end a transaction that is somebody else's. */
async function assertIdle(client: PostgresConnection & TransactionAware): Promise<void> {
  const isIdle = client.getTransactionStatus
    ? (client.getTransactionStatus() ?? 'I') === 'I'
    : await forgetsMarks(client)
  if (!isIdle) throw new Error('the client is in a transaction already: the lock needs one of its own')
}

/** As it does where each statement is a transaction of its own. */
async function forgetsMarks(client: PostgresConnection): Promise<boolean> {
  const mark = new Mark(client, 'probe')
  await mark.set()
  return !(await mark.isThere())
}

export function checkedWait(waitMs: number, mostMs: number): number {
  if (Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= mostMs) return waitMs
  throw new RangeError(`waitMs must be a whole number from 0 to ${mostMs}; got ${waitMs}`)
}

export function advisoryPlace(key: string): string {
  if (typeof key !== 'string' || key === '') throw new TypeError('key must be a string that is not empty')
  return `'${placeOf(`leasehold:${key}`)}'::bigint`
}

export const notGranted = (key: string, waitMs: number): LeaseholdError =>
  new LeaseholdError('ACQUIRE_TIMEOUT', `${JSON.stringify(key)} was not granted within ${waitMs} ms`, { key })
