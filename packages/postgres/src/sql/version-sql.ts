/** Raised with every change of the SQL. */
export const SCHEMA_VERSION = 3

/** Stands last: a schema that tells its version is complete. */
export const versionSql = (schema: string): string => `
create or replace function ${schema}.schema_version() returns int language sql immutable as 'select ${SCHEMA_VERSION}';
`
