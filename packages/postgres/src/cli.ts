#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { schemaSql } from './schema-sql.ts'

const USAGE = `leasehold-postgres schema [--schema <name>]

Prints the SQL that Leasehold needs in the database. Apply it as a role that may create:
  npx leasehold-postgres schema | psql --single-transaction --set ON_ERROR_STOP=1 <database>
`

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { schema: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
  })
  if (values.help) process.stdout.write(USAGE)
  else if (positionals.length !== 1 || positionals[0] !== 'schema') throw new Error(USAGE)
  else process.stdout.write(schemaSql(values.schema === undefined ? {} : { schema: values.schema }))
}

try {
  main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 2
}
