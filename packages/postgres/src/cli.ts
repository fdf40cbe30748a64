#!/usr/bin/env node
import { parseArgs } from 'node:util'
import type pg from 'pg'
import { migrate, standing } from './migrate.ts'
import { quotedSchema } from './schema-name.ts'
import { schemaSql } from './schema-sql.ts'
import { SCHEMA_VERSION } from './sql/version-sql.ts'

const USAGE = `leasehold-postgres <command> [--schema <name>]

  schema   Prints the SQL that Leasehold needs in the database. Apply it as a role that may create:
             npx leasehold-postgres schema | psql --single-transaction --set ON_ERROR_STOP=1 <database>
  migrate  Brings the database to what this version of the package needs. Does nothing where that is there already.
  status   Says where the database stands. Ends with 0 if it is up to date, and with 1 if not.

migrate and status need the package pg, and find the database by the address in DATABASE_URL, or by what psql reads
(PGHOST, PGUSER, ...).
`

interface Database {
  readonly pool: pg.Pool
  readonly schema: string | undefined
}

type Command = (schema: string | undefined) => Promise<number>

const schema: Command = async (name) => {
  process.stdout.write(schemaSql({ schema: name }))
  return 0
}

const bringUp: Command = (schema) =>
  withDatabase(schema, async ({ pool }) => {
    const before = await told({ pool, schema })
    await migrate(pool, { schema })
    const after = await told({ pool, schema })
    say(before.line === after.line ? after.line : `${before.line}\nnow: ${after.line}`)
    return 0
  })

const status: Command = (schema) =>
  withDatabase(schema, async (database) => {
    const { line, isUpToDate } = await told(database)
    say(line)
    return isUpToDate ? 0 : 1
  })

const commands: ReadonlyMap<string | undefined, Command> = new Map([
  ['schema', schema],
  ['migrate', bringUp],
  ['status', status],
])

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

async function told({ pool, schema }: Database): Promise<{ readonly line: string; readonly isUpToDate: boolean }> {
  const quoted = quotedSchema(schema)
  const client = await pool.connect()
  try {
    const { version, isChanged } = await standing(client, quoted)
    if (version === 0) return { line: `there is no schema ${quoted} of Leasehold`, isUpToDate: false }
    const stands = `the schema ${quoted} is of version ${version}`
    if (isChanged) return { line: `${stands}, but somebody has changed its functions`, isUpToDate: false }
    if (version < SCHEMA_VERSION)
      return { line: `${stands}: older than this package, which needs ${SCHEMA_VERSION}`, isUpToDate: false }
    // Whatever is newer serves this package, too.
    return { line: version > SCHEMA_VERSION ? `${stands}: newer than this package` : stands, isUpToDate: true }
  } finally {
    client.release()
  }
}

async function withDatabase(
  schema: string | undefined,
  work: (database: Database) => Promise<number>,
): Promise<number> {
  quotedSchema(schema)
  const { default: driver } = await import('pg').catch((error: unknown) => {
    throw new Error('this command needs the package pg: npm install pg', { cause: error })
  })
  const connectionString = process.env['DATABASE_URL']
  const pool = new driver.Pool({ max: 1, ...(connectionString && { connectionString }) })
  pool.on('error', () => {})
  try {
    return await work({ pool, schema })
  } finally {
    await pool.end()
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { schema: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const [name, ...rest] = positionals
  const command = commands.get(name)
  if (command === undefined || rest.length > 0) throw new Error(USAGE)
  return command(values.schema)
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 2
}
