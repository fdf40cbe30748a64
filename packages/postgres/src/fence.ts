import { LeaseholdError } from '@leasehold/core'
import { assertOneConnection, isInTransaction, Mark } from './one-connection.ts'
import type { PostgresConnection } from './postgres-shapes.ts'
import { explained } from './refusals.ts'
import { quotedSchema } from './schema-name.ts'
import type { SchemaOptions } from './schema-sql.ts'
import { STALE_TOKEN_STATE } from './sql/fence-sql.ts'

/**
 * Refuses a write whose lease is no longer the newest. Call it in the transaction of the write, on the same client, before or after it.
 *
 * `resource` names what is written, the lock's key mostly. Equal tokens pass: they are writes of one and the same lease. Until
 * the transaction ends, others with a token for the same resource wait. Throws `STALE_TOKEN`, and the transaction can then
 * only be rolled back. Outside of a transaction, and on a pool, it throws a `TypeError`, and notes nothing. Rule: M. Kleppmann, "How to do distributed locking" (2016).
 */
export async function fence(
  client: PostgresConnection,
  resource: string,
  fencingToken: bigint,
  { schema }: SchemaOptions = {},
): Promise<void> {
  if (typeof fencingToken !== 'bigint') throw new TypeError('fencingToken must be a bigint')
  const quoted = quotedSchema(schema)
  assertOneConnection(client)
  try {
    await guard(client, `${quoted}.fence($1, $2)`, [resource, String(fencingToken)])
  } catch (error) {
    if ((error as { code?: unknown }).code !== STALE_TOKEN_STATE) throw explained(error, quoted)
    throw staleToken(resource, fencingToken, error)
  }
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
