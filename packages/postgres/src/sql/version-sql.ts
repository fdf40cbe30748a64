import { createHash } from 'node:crypto'

/** Raised with every change of the SQL. */
export const SCHEMA_VERSION = 5

/** Stands last: a schema that tells its version is complete. With what was applied, and the functions as they stood then, so that a change of either is noticed. */
export const versionSql = (schema: string, rest: string): string => `
create or replace function ${schema}.schema_version() returns int language sql immutable as 'select ${SCHEMA_VERSION}';

do $$
begin
  execute format('comment on function ${schema}.schema_version() is %L', '${appliedOf(rest)} ' || (${functionsOf(schema)}));
end $$;
`

/** A name for the text that was applied. */
export const appliedOf = (sql: string): string => createHash('sha256').update(sql).digest('hex').slice(0, 32)

/** The same for the functions that stand in the schema, as SQL. */
export const functionsOf = (schema: string): string => `
  select encode(sha256(convert_to(
      string_agg(proname || proargtypes::text || prosrc, '' order by proname collate "C", proargtypes::text collate "C"), 'UTF8'
    )), 'hex')
    from pg_proc where pronamespace = '${schema}'::regnamespace`
