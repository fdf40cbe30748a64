import type { PostgresClient, PostgresPool } from './postgres-shapes.ts'
import { quotedSchema } from './schema-name.ts'
import { type SchemaOptions, schemaSql } from './schema-sql.ts'
import { SCHEMA_VERSION } from './sql/version-sql.ts'

/** "leasehold" in ASCII, as far as 63 bits go: whoever migrates anything of Leasehold waits for its turn here. */
const MIGRATION_LOCK = '0x6c65617365686f6c'

/**
 * Brings the database to what this version of the package needs. Does nothing where that is there already, so that a role
 * without the right to create may call it. Safe from many processes at once.
 */
export async function migrate(pool: PostgresPool, options: SchemaOptions = {}): Promise<void> {
  const sql = schemaSql(options)
  const quoted = quotedSchema(options.schema)
  const client = await pool.connect()
  const toldByTheStatement = () => {}
  client.on('error', toldByTheStatement)
  try {
    if ((await versionOf(client, quoted)) < SCHEMA_VERSION) await apply(client, quoted, sql)
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
  await client.query('select pg_advisory_xact_lock($1)', [String(BigInt(MIGRATION_LOCK))])
  // Somebody else may have been here while this one waited; a newer version must not be set back.
  if ((await versionOf(client, quoted)) < SCHEMA_VERSION) await client.query(sql)
  await client.query('commit')
}

async function versionOf(client: PostgresClient, quoted: string): Promise<number> {
  const { rows } = await client.query('select to_regprocedure($1) is not null as known', [`${quoted}.schema_version()`])
  if (rows[0]?.['known'] !== true) return 0
  const versions = await client.query(`select ${quoted}.schema_version() as version`)
  return Number(versions.rows[0]?.['version'])
}
