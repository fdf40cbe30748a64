import { channelOf, quotedSchema } from './schema-name.ts'
import { fenceSql } from './sql/fence-sql.ts'
import { groupSql } from './sql/group-sql.ts'
import { leaseSql } from './sql/lease-sql.ts'
import { lineSql } from './sql/line-sql.ts'
import { operatorSql } from './sql/operator-sql.ts'
import { partSql } from './sql/part-sql.ts'
import { pruneSql } from './sql/prune-sql.ts'
import { tableSql } from './sql/table-sql.ts'
import { takeSomeSql } from './sql/take-some-sql.ts'
import { tellSql } from './sql/tell-sql.ts'
import { versionSql } from './sql/version-sql.ts'

export interface SchemaOptions {
  /** The schema that holds tables, sequence and functions of Leasehold. Default `leasehold`. */
  readonly schema?: string | undefined
}

/** Everything Leasehold needs in the database. Idempotent; refuses servers older than Postgres 14. Throws `RangeError` for a schema name out of the ordinary. */
export function schemaSql({ schema }: SchemaOptions = {}): string {
  const quoted = quotedSchema(schema)
  const rest = unversionedSql(quoted)
  return `${rest}\n${versionSql(quoted, rest)}`
}

/** All but the version that it tells. */
export const unversionedSql = (quoted: string): string =>
  [
    tableSql(quoted),
    leaseSql(quoted),
    takeSomeSql(quoted),
    groupSql(quoted),
    tellSql(quoted, channelOf(quoted)),
    partSql(quoted),
    lineSql(quoted),
    operatorSql(quoted),
    pruneSql(quoted),
    fenceSql(quoted),
  ].join('\n')
