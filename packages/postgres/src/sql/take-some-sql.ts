import { durable, patient } from './table-sql.ts'

/** Attempts at many keys, each for itself: one statement, one commit, one wait for the disk. */
export const takeSomeSql = (schema: string): string => `
-- A row for each attempt, but for those at keys of which somebody has a part, or whose rows somebody else keeps locked: these are to be made by themselves. Rows are locked in the order of
-- their keys, as in all statements about many, and no lock of a row is waited for.
create or replace function ${schema}.take_some(keys text[], askers text[], ttls_ms float8[], shown text[])
  returns table (place int, granted boolean, remaining_ms float8, fencing_token text) language plpgsql as $$
declare
  ours int[];
  instant timestamptz;
  ${patient}
begin
${durable}
  -- No token yet: what is inserted may have been evaluated long before.
  insert into ${schema}.leases (key)
    select distinct list.k collate "C" from unnest(keys) as list (k)
      where not exists (select from ${schema}.leases l where l.key = list.k) order by 1
    on conflict do nothing;
  ours := array(
    select list.n::int from ${schema}.leases l join unnest(keys) with ordinality as list (k, n) on l.key = list.k
      where not l.parted order by l.key collate "C" for update of l skip locked
  );
  -- Read, and tokens drawn, when no lock is waited for any more.
  instant := clock_timestamp();
  return query
    select list.n::int, l.holder = list.h, (extract(epoch from l.expires_at - instant) * 1000)::float8, l.token::text
      from unnest(ours) as mine (n)
        join unnest(keys, askers) with ordinality as list (k, h, n) on list.n = mine.n
        join ${schema}.leases l on l.key = list.k
      where l.expires_at > instant and not l.parted;
  -- Of two who ask for one key, the other one has no answer.
  return query
    update ${schema}.leases l
      set holder = list.h, metadata = nullif(list.shown, ''), token = nextval('${schema}.fencing_tokens'),
          expires_at = instant + list.ttl_ms * interval '1 millisecond'
      from unnest(ours) as mine (n)
        join unnest(keys, askers, ttls_ms, shown) with ordinality as list (k, h, ttl_ms, shown, n) on list.n = mine.n
      where l.key = list.k and l.expires_at <= instant and not l.parted
      returning list.n::int, true, list.ttl_ms, l.token::text;
end $$;
`
