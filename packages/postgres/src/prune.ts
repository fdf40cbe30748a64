import { ask } from './answers.ts'
import { only } from './calls.ts'
import type { PostgresClient, PostgresRow } from './postgres-shapes.ts'
import { unlessRolledBack } from './rolled-back.ts'
import { quotedSchema } from './schema-name.ts'
import type { SchemaOptions } from './schema-sql.ts'
import { PRUNED_AT_ONCE } from './sql/prune-sql.ts'

export interface PruneOptions extends SchemaOptions {
  /** Only rows of keys that have been free for so long, in milliseconds, 0 to 3153600000000. Default 0. */
  readonly olderThanMs?: number | undefined
}

/** A century. */
const LONGEST_MS = 3_153_600_000_000

/**
 * Deletes the rows of keys that nobody holds, and returns how many. A key keeps a row after its release, which makes the next
 * acquire cheap: worth calling now and then where keys are many and seldom come back. Needs the right to delete from `leases`.
 *
 * Takes a pool, or a client in no transaction: it looks at 1000 rows in one statement, so that nobody has to wait for long. Throws `RangeError`.
 */
export async function prune(client: PostgresClient, { schema, olderThanMs = 0 }: PruneOptions = {}): Promise<number> {
  const quoted = quotedSchema(schema)
  if (!(typeof olderThanMs === 'number' && olderThanMs >= 0 && olderThanMs <= LONGEST_MS))
    throw new RangeError(`olderThanMs must be a number from 0 to ${LONGEST_MS}; got ${String(olderThanMs)}`)
  const text = `select deleted::text, upto from ${quoted}.prune_from($1, $2, $3)`
  let deleted = 0
  for (let behind: unknown = ''; behind !== null; ) {
    const row: PostgresRow = only(
      await unlessRolledBack(() => ask(client, text, [behind, PRUNED_AT_ONCE, olderThanMs])),
    )
    deleted += Number(row['deleted'])
    behind = row['upto']
  }
  return deleted
}
