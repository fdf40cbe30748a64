/**
 * Rows of free keys go. Tokens do not go back: they come from the sequence, and are drawn only against a row that stands.
 * Rows that somebody has locked are passed over: this never waits, so nobody waits for each other.
 */
export const pruneSql = (schema: string): string => `
create or replace function ${schema}.prune() returns bigint language sql as $$
  with free as (
    select key from ${schema}.leases where expires_at <= clock_timestamp() for update skip locked
  ), deleted as (
    delete from ${schema}.leases l using free where l.key = free.key returning 1
  )
  select count(*) from deleted;
$$;
`
