import { LeaseholdError } from '@leasehold/core'
import { isInTransaction, Mark, oneConnection } from './one-connection.ts'
import type { PostgresConnection } from './postgres-shapes.ts'
import type { PostgresQuery } from './query-statements.ts'
import { explained } from './refusals.ts'
import { quotedSchema } from './schema-name.ts'
import type { SchemaOptions } from './schema-sql.ts'
import { STALE_TOKEN_STATE } from './sql/fence-sql.ts'

/**
 * Refuses a write whose lease is no longer the newest. Call it in the transaction of the write, on the same client, before or after it. With another library than `pg`, give
 * a function that runs a statement in its transaction.
 *
 * `resource` names what is written, the lock's key mostly. Equal tokens pass: they are writes of one and the same lease. Until
 * the transaction ends, others with a token for the same resource wait. Throws `STALE_TOKEN`, and the transaction can then
 * only be rolled back. Outside of a transaction, and on a pool, it throws a `TypeError`, and notes nothing. Rule: M. Kleppmann, "How to do distributed locking" (2016).
 */
export async function fence(
  client: PostgresConnection | PostgresQuery,
  resource: string,
  fencingToken: bigint,
  { schema }: SchemaOptions = {},
): Promise<void> {
  if (typeof fencingToken !== 'bigint') throw new TypeError('fencingToken must be a bigint')
  const quoted = quotedSchema(schema)
  const connection = oneConnection(client)
  try {
    await guard(connection, `${quoted}.fence($1, $2)`, [resource, String(fencingToken)])
  } catch (error) {
    if (!isStaleToken(error)) throw explained(error, quoted)
    throw staleToken(resource, fencingToken, error)
  }
}

/** Whether a write was refused since its token is older than one that was accepted, by whatever way that was told: by `fence`, or by the function of the same name in SQL, through whatever library. */
export function isStaleToken(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, cause, driverError, meta } = error as Readonly<Record<string, unknown>>
  return code === 'STALE_TOKEN' || code === STALE_TOKEN_STATE || [cause, driverError, meta].some(isStaleToken)
}

async function guard(client: PostgresConnection, sql: string, values: unknown[]): Promise<void> {
  if (isInTransaction(client)) {
    await client.query(`select ${sql}`, values)
    return
  }
  const mark = new Mark(client, 'fence')
  await mark.set()
  await mark.ask(sql, values)
}

function staleToken(resource: string, fencingToken: bigint, cause: unknown): LeaseholdError {
  const message = `stale fencing token ${fencingToken} for "${resource}": a newer one was accepted`
  return new LeaseholdError('STALE_TOKEN', message, { key: resource, cause })
}
