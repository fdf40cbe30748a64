/**
 * Rows of free keys go. Tokens do not go back: they come from the sequence, and are drawn only against a row that stands.
 * Rows that somebody has locked are passed over: this never waits, so nobody waits for each other.
 */
export const pruneSql = (schema: string): string => `
create or replace function ${schema}.prune() returns bigint language plpgsql as $$
declare
  each text;
  deleted bigint;
begin
  delete from ${schema}.lease_forced f using (
    select key, holder from ${schema}.lease_forced where told_until <= clock_timestamp() for update skip locked
  ) old where f.key = old.key and f.holder = old.holder;
  delete from ${schema}.lease_parts p using (
    select key, holder from ${schema}.lease_parts where expires_at <= clock_timestamp() for update skip locked
  ) old where p.key = old.key and p.holder = old.holder;
  delete from ${schema}.lease_line w using (
    select key, holder from ${schema}.lease_line where alive_until <= clock_timestamp() for update skip locked
  ) old where w.key = old.key and w.holder = old.holder;
  -- Whether anybody has a part is seen when the row is locked, and not before.
  for each in
    select key from ${schema}.leases where parted and expires_at <= clock_timestamp() for update skip locked
  loop
    perform ${schema}.call_in(each);
  end loop;
  with free as (
    select key from ${schema}.leases where expires_at <= clock_timestamp() and not parted for update skip locked
  )
  delete from ${schema}.leases l using free where l.key = free.key;
  get diagnostics deleted = row_count;
  return deleted;
end $$;
`
