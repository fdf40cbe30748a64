import { durable, relaxed } from './table-sql.ts'

/** Many keys in one statement. Rows are locked in the order of their keys, so that no two statements wait for each other. */
export const groupSql = (schema: string): string => `
-- Locks the rows that these claims hold. Somebody else may keep one locked past the end of its hold: the clock is read, and
-- answered, when no lock is waited for any more.
create or replace function ${schema}.lock_held(keys text[], askers text[]) returns timestamptz language plpgsql as $$
begin
  perform from ${schema}.leases l
    join unnest(keys, askers) as list (k, h) on l.key = list.k and l.holder = list.h
    order by l.key collate "C" for update of l;
  return clock_timestamp();
end $$;

create or replace function ${schema}.renew_all(keys text[], askers text[], ttls_ms float8[])
  returns table (place int, remaining_ms float8, fencing_token text) language plpgsql as $$
declare
  instant timestamptz;
begin
${durable}
  instant := ${schema}.lock_held(keys, askers);
  return query
    update ${schema}.leases l
      set expires_at = greatest(l.expires_at, instant + list.ttl_ms * interval '1 millisecond')
      from unnest(keys, askers, ttls_ms) with ordinality as list (k, h, ttl_ms, n)
      where l.key = list.k and l.holder = list.h and l.expires_at > instant
      returning list.n::int, (extract(epoch from l.expires_at - instant) * 1000)::float8, l.token::text;
end $$;

-- The places of the claims whose holds it has ended.
create or replace function ${schema}.release_all(keys text[], askers text[])
  returns table (place int) language plpgsql as $$
declare
  instant timestamptz;
  freed record;
begin
${relaxed}
  instant := ${schema}.lock_held(keys, askers);
  for freed in
    update ${schema}.leases l set holder = '', metadata = null, expires_at = 'epoch'
      from unnest(keys, askers) with ordinality as list (k, h, n)
      where l.key = list.k and l.holder = list.h and l.expires_at > instant
      returning list.n::int as n, l.key, l.awaited
  loop
    if freed.awaited then
      perform ${schema}.announce(freed.key);
    end if;
    place := freed.n;
    return next;
  end loop;
end $$;

create or replace function ${schema}.held_by_others_ms(keys text[], askers text[]) returns float8 language sql as $$
  select max(extract(epoch from l.expires_at - clock_timestamp()) * 1000)::float8
    from unnest(keys, askers) as list (k, h)
    join ${schema}.leases l on l.key = list.k and l.holder <> list.h
    where l.expires_at > clock_timestamp();
$$;

-- Either a row for each key, or one without a token: how long others keep at least one of them.
create or replace function ${schema}.try_acquire_all(keys text[], askers text[], ttl_ms float8, shown text)
  returns table (place int, remaining_ms float8, fencing_token text) language plpgsql as $$
declare
  asked record;
  instant timestamptz;
begin
${durable}
  remaining_ms := ${schema}.held_by_others_ms(keys, askers);
  if remaining_ms is null then
    for asked in select k from unnest(keys) as list (k) order by k collate "C" loop
      loop
        perform from ${schema}.leases where key = asked.k for update;
        exit when found;
        insert into ${schema}.leases (key) values (asked.k) on conflict do nothing;
      end loop;
    end loop;
    remaining_ms := ${schema}.held_by_others_ms(keys, askers);
  end if;
  if remaining_ms is not null then
    return next;
    return;
  end if;
  -- All rows are locked: tokens are drawn under exclusion.
  instant := clock_timestamp();
  for asked in select k, h, n from unnest(keys, askers) with ordinality as list (k, h, n) loop
    update ${schema}.leases l
      set holder = asked.h, metadata = shown, token = nextval('${schema}.fencing_tokens'),
          expires_at = instant + ttl_ms * interval '1 millisecond'
      where l.key = asked.k and (l.holder <> asked.h or l.expires_at <= instant);
    select asked.n, extract(epoch from l.expires_at - instant) * 1000, l.token
      into place, remaining_ms, fencing_token
      from ${schema}.leases l where l.key = asked.k;
    return next;
  end loop;
end $$;
`
