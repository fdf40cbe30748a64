/** Rows of keys that are looked at in one go. */
export const PRUNED_AT_ONCE = 1000

/**
 * Rows of free keys go. Tokens do not go back: they come from the sequence, and are drawn only against a row that stands.
 * Rows that somebody has locked are passed over: this never waits, so nobody waits for each other.
 */
export const pruneSql = (schema: string): string => `
-- Looks at so many rows, in the order of their keys, from behind this one on: those of keys that were free for so long go. Answers where to go on, null at the end.
create or replace function ${schema}.prune_from(
  behind text, at_most int, older_than_ms float8,
  out deleted bigint, out upto text
) language plpgsql as $$
declare
  instant timestamptz := clock_timestamp();
  long_ago timestamptz;
  each text;
  forgotten bigint;
begin
  deleted := 0;
  select max(l.key) into upto
    from (select key from ${schema}.leases where key > behind order by key limit at_most) l;
  if upto is null then
    delete from ${schema}.lease_forced f using (
      select key, holder from ${schema}.lease_forced where told_until <= instant limit at_most for update skip locked
    ) old where f.key = old.key and f.holder = old.holder;
    get diagnostics forgotten = row_count;
    if forgotten = at_most then
      upto := behind;
    end if;
    return;
  end if;
  delete from ${schema}.lease_parts p using (
    select key, holder from ${schema}.lease_parts
      where key > behind and key <= upto and expires_at <= instant for update skip locked
  ) old where p.key = old.key and p.holder = old.holder;
  delete from ${schema}.lease_line w using (
    select key, holder from ${schema}.lease_line
      where key > behind and key <= upto and alive_until <= instant for update skip locked
  ) old where w.key = old.key and w.holder = old.holder;
  -- Whether anybody has a part is seen when the row is locked, and not before. Who looks as at a moment before passes them over.
  for each in
    select key from ${schema}.leases
      where key > behind and key <= upto and parted and expires_at <= instant
        and current_setting('transaction_isolation') not in ('repeatable read', 'serializable')
      for update skip locked
  loop
    perform ${schema}.call_in(each);
  end loop;
  -- Those of which nobody has a part any more are free since just now.
  long_ago := clock_timestamp() - older_than_ms * interval '1 millisecond';
  with free as (
    select key from ${schema}.leases
      where key > behind and key <= upto and not parted and expires_at <= instant
        and greatest(expires_at, freed_at) <= long_ago
      for update skip locked
  )
  delete from ${schema}.leases l using free where l.key = free.key;
  get diagnostics deleted = row_count;
end $$;

-- All in one statement: for versions of the package that ask so.
create or replace function ${schema}.prune() returns bigint language plpgsql as $$
declare
  behind text := '';
  gone bigint;
  total bigint := 0;
begin
  while behind is not null loop
    select p.deleted, p.upto into gone, behind from ${schema}.prune_from(behind, ${PRUNED_AT_ONCE}, 0) p;
    total := total + gone;
  end loop;
  return total;
end $$;
`
