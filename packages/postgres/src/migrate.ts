import { ask, numberIn } from './answers.ts'
import { assertPool } from './arguments.ts'
import type { PostgresClient, PostgresPool } from './postgres-shapes.ts'
import { quotedSchema } from './schema-name.ts'
import { type SchemaOptions, schemaSql, unversionedSql } from './schema-sql.ts'
import { MIGRATION_LOCK } from './sql/table-sql.ts'
import { appliedOf, functionsOf, SCHEMA_VERSION } from './sql/version-sql.ts'

/**
 * Brings the database to what this version of the package needs. Does nothing where that is there already, so that a role
 * without the right to create may call it. Safe from many processes at once. Functions that somebody has changed are set right.
 */
export async function migrate(pool: PostgresPool, options: SchemaOptions = {}): Promise<void> {
  assertPool(pool)
  const sql = schemaSql(options)
  const quoted = quotedSchema(options.schema)
  const client = await pool.connect()
  const toldByTheStatement = () => {}
  client.on('error', toldByTheStatement)
  try {
    if (await isWanting(client, quoted)) await apply(client, quoted, sql)
  } catch (error) {
    // Takes the open transaction along.
    client.release(true)
    throw error
  }
  client.removeListener('error', toldByTheStatement)
  client.release()
}

async function apply(client: PostgresClient, quoted: string, sql: string): Promise<void> {
  await client.query('begin isolation level read committed')
  await client.query('select pg_advisory_xact_lock($1)', [String(MIGRATION_LOCK)])
  // Somebody else may have been here while this one waited.
  if (await isWanting(client, quoted)) await client.query(sql)
  await client.query('commit')
}

/** A newer version must not be set back. */
const isWanting = async (client: PostgresClient, quoted: string): Promise<boolean> => {
  const { version, isChanged } = await standing(client, quoted)
  return version < SCHEMA_VERSION || isChanged
}

/** What stands in the database. */
export interface Standing {
  /** 0: nothing. */
  readonly version: number
  /** It is of this package's version, and somebody has changed a function of it since. */
  readonly isChanged: boolean
}

export async function standing(client: PostgresClient, quoted: string): Promise<Standing> {
  const version = await versionOf(client, quoted)
  if (version !== SCHEMA_VERSION) return { version, isChanged: false }
  const stands = `obj_description('${quoted}.schema_version()'::regprocedure, 'pg_proc')`
  const [row] = await ask(client, `select (${stands} = $1 || ' ' || (${functionsOf(quoted)}))::int as is_whole`, [
    appliedOf(unversionedSql(quoted)),
  ])
  return { version, isChanged: numberIn(row, 'is_whole') !== 1 }
}

async function versionOf(client: PostgresClient, quoted: string): Promise<number> {
  const name = `${quoted}.schema_version()`
  const [row] = await ask(client, 'select (to_regprocedure($1) is not null)::int as is_known', [name])
  if (numberIn(row, 'is_known') !== 1) return 0
  const [told] = await ask(client, `select ${name} as version`, [])
  return numberIn(told, 'version')
}
