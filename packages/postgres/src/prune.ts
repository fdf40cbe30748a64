import type { PostgresClient } from './postgres-shapes.ts'
import { quotedSchema } from './schema-name.ts'
import type { SchemaOptions } from './schema-sql.ts'

/**
 * Deletes the rows of keys that nobody holds, and returns how many. A key keeps a row after its release, which makes the next
 * acquire cheap: worth calling now and then where keys are many and seldom come back. Needs the right to delete from `leases`.
 */
export async function prune(client: PostgresClient, { schema }: SchemaOptions = {}): Promise<number> {
  const { rows } = await client.query(`select ${quotedSchema(schema)}.prune()::text as deleted`)
  return Number(rows[0]?.['deleted'])
}
