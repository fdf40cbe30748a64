import { durable, LOCK_WAIT, patient, relaxed, TOKEN_STEP } from './table-sql.ts'

/** For all rows of a batch together. */
const PATIENCE_MS = 500

/** Many keys in one statement. Rows are locked in the order of their keys, so that no two statements wait for each other. */
export const groupSql = (schema: string): string => `
-- Locks the rows of the keys that these claims hold, or may have parts of: those that nobody else keeps locked, or, with patience, that come free in time. Answers
-- the keys, with null where it has not the row, and the clock, read when no lock is waited for any more: who keeps a row locked may keep it past the end of its hold.
create or replace function ${schema}.lock_some(
  keys text[], askers text[], patience_ms float8,
  out instant timestamptz, out ours text[]
) language plpgsql as $$
declare
  ends timestamptz := clock_timestamp() + patience_ms * interval '1 millisecond';
  got int[] := '{}';
  each record;
begin
  if patience_ms = 0 then
    got := array(
      select list.n::int from ${schema}.leases l
        join unnest(keys, askers) with ordinality as list (k, h, n) on l.key = list.k and (l.holder = list.h or l.parted)
        order by l.key collate "C" for update of l skip locked
    );
  else
    for each in
      select l.key, array_agg(list.n::int) as claims from ${schema}.leases l
        join unnest(keys, askers) with ordinality as list (k, h, n) on l.key = list.k and (l.holder = list.h or l.parted)
        group by l.key order by l.key collate "C"
    loop
      begin
        perform set_config(
          'lock_timeout', greatest(1, ceil(extract(epoch from ends - clock_timestamp()) * 1000))::int::text, true
        );
        perform from ${schema}.leases l where l.key = each.key for update;
        got := got || each.claims;
      exception when lock_not_available then
        null;
      end;
    end loop;
    perform set_config('lock_timeout', '${LOCK_WAIT}', true);
  end if;
  instant := clock_timestamp();
  if cardinality(got) = cardinality(keys) then
    ours := keys;
  else
    ours := array(
      select case when has.n is not null then list.k end
        from unnest(keys) with ordinality as list (k, n) left join unnest(got) as has (n) on has.n = list.n
        order by list.n
    );
  end if;
end $$;

-- Whether the claim may hold its key, or have a part of it, as far as can be seen while somebody else keeps the row locked.
create or replace function ${schema}.may_have(claimed text, asker text) returns boolean language plpgsql as $$
declare
  is_held boolean;
  is_parted boolean;
begin
  select l.holder = asker, l.parted into is_held, is_parted from ${schema}.leases l where l.key = claimed;
  if is_parted and not is_held then
    return exists (select from ${schema}.lease_parts p where p.key = claimed and p.holder = asker);
  end if;
  return coalesce(is_held, false);
end $$;

-- Or may stand in its line, where a release may grant it the key.
create or replace function ${schema}.may_end(claimed text, asker text) returns boolean language plpgsql as $$
begin
  if ${schema}.may_have(claimed, asker) then
    return true;
  end if;
  -- Where nobody asks for parts, nor waits, no privilege is needed for what is kept of them.
  return exists (select from ${schema}.leases l where l.key = claimed and l.parted)
    and ${schema}.is_awaited(claimed, asker);
end $$;

create or replace function ${schema}.is_awaited(wanted text, asker text) returns boolean language plpgsql as $$
begin
  return exists (select from ${schema}.lease_line w where w.key = wanted and w.holder = coalesce(asker, w.holder));
end $$;

-- A claim may name one of the tokens that are reserved for it: that becomes the token of its hold. One row for each claim that holds what it claims, for each whose hold was ended by force: why, and for each of which is not known, since its row was locked.
create or replace function ${schema}.renew_some(keys text[], askers text[], ttls_ms float8[], named text[], patience_ms float8)
  returns table (place int, remaining_ms float8, fencing_token text, slots text, why text, is_locked boolean) language plpgsql as $$
declare
  instant timestamptz;
  ours text[];
  wanting bigint := cardinality(keys);
  renewed bigint;
  ${patient}
begin
${durable}
  select s.instant, s.ours into instant, ours from ${schema}.lock_some(keys, askers, patience_ms) s;
${renewed(`${schema}.leases`, 'null')}
${renewed(`${schema}.lease_parts`, `array_to_string(held.slots, ' ')`)}
  return query
    select list.n::int, null::float8, null, null, null, true
      from unnest(keys, ours, askers) with ordinality as list (k, o, h, n)
      where list.o is null and ${schema}.may_have(list.k, list.h);
  get diagnostics renewed = row_count;
  if wanting > renewed then
    return query
      select list.n::int, null::float8, null, null, f.why, false
        from unnest(keys, ours, askers) with ordinality as list (k, o, h, n)
        join ${schema}.lease_forced f on f.key = list.k and f.holder = list.h
        where f.told_until > instant
          and not (list.o is null and ${schema}.may_have(f.key, f.holder))
          and not exists (select from ${schema}.leases l where l.key = f.key and l.holder = f.holder and l.expires_at > instant)
          and not exists (
            select from ${schema}.lease_parts p where p.key = f.key and p.holder = f.holder and p.expires_at > instant
          );
  end if;
end $$;

-- The places of the claims whose holds it has ended, and of those of which is not known, since their rows were locked.
create or replace function ${schema}.release_some(keys text[], askers text[], patience_ms float8)
  returns table (place int, is_locked boolean) language plpgsql as $$
declare
  instant timestamptz;
  ours text[];
  freed record;
  ended int[] := '{}';
  ${patient}
begin
${relaxed}
  select s.instant, s.ours into instant, ours from ${schema}.lock_some(keys, askers, patience_ms) s;
  is_locked := false;
  for freed in
    update ${schema}.leases l set holder = '', metadata = null, expires_at = 'epoch', freed_at = instant
      from unnest(ours, askers) with ordinality as list (k, h, n)
      where l.key = list.k and l.holder = list.h and l.expires_at > instant
      returning list.n::int as n, l.key, l.parted
  loop
    if freed.parted then
      perform ${schema}.call_in(freed.key);
    end if;
    place := freed.n;
    ended := ended || place;
    return next;
  end loop;
  if cardinality(ended) = cardinality(keys) then
    return;
  end if;
  for freed in
    select list.n::int as n, list.k, list.h from unnest(ours, askers) with ordinality as list (k, h, n)
      join ${schema}.leases l on l.key = list.k
      where l.parted and list.n <> all (ended)
      order by list.k collate "C"
  loop
    if ${schema}.leave(freed.k, freed.h) then
      place := freed.n;
      return next;
    end if;
  end loop;
  return query
    select list.n::int, true from unnest(keys, ours, askers) with ordinality as list (k, o, h, n)
      where list.o is null and ${schema}.may_end(list.k, list.h);
end $$;

-- For versions of the package that take no part of an answer: all, or an error.
create or replace function ${schema}.assert_unlocked(is_locked boolean) returns void language plpgsql as $$
begin
  if is_locked then
    raise exception 'the row of a lease stayed locked' using errcode = 'lock_not_available';
  end if;
end $$;

create or replace function ${schema}.renew_holds(keys text[], askers text[], ttls_ms float8[])
  returns table (place int, remaining_ms float8, fencing_token text, slots text, why text) language plpgsql as $$
declare
  each record;
begin
  for each in select * from ${schema}.renew_some(
    keys, askers, ttls_ms, array_fill('0'::text, array[cardinality(keys)]), ${PATIENCE_MS}
  ) loop
    perform ${schema}.assert_unlocked(each.is_locked);
    select each.place, each.remaining_ms, each.fencing_token, each.slots, each.why
      into place, remaining_ms, fencing_token, slots, why;
    return next;
  end loop;
end $$;

-- For versions of the package that know no parts.
create or replace function ${schema}.renew_all(keys text[], askers text[], ttls_ms float8[])
  returns table (place int, remaining_ms float8, fencing_token text) language plpgsql as $$
begin
  return query
    select r.place, r.remaining_ms, r.fencing_token from ${schema}.renew_holds(keys, askers, ttls_ms) r
      where r.fencing_token is not null;
end $$;

create or replace function ${schema}.release_all(keys text[], askers text[])
  returns table (place int) language plpgsql as $$
declare
  each record;
begin
  for each in select * from ${schema}.release_some(keys, askers, ${PATIENCE_MS}) loop
    perform ${schema}.assert_unlocked(each.is_locked);
    place := each.place;
    return next;
  end loop;
end $$;

create or replace function ${schema}.held_by_others_ms(keys text[], askers text[]) returns float8 language plpgsql as $$
declare
  instant timestamptz := clock_timestamp();
  longest timestamptz;
  any_parted boolean;
begin
  select max(l.expires_at) filter (where l.holder <> list.h and l.expires_at > instant), bool_or(l.parted)
    into longest, any_parted
    from unnest(keys, askers) as list (k, h) join ${schema}.leases l on l.key = list.k
    where l.parted or (l.holder <> list.h and l.expires_at > instant);
  if longest is null and any_parted then
    perform ${schema}.assert_current();
    select max(others.until) into longest
      from unnest(keys, askers) as list (k, h)
      join ${schema}.leases l on l.key = list.k and l.parted and not (l.holder = list.h and l.expires_at > instant)
      cross join lateral (
        select p.expires_at as until from ${schema}.lease_parts p where p.key = l.key
        union all
        select w.alive_until from ${schema}.lease_line w where w.key = l.key
      ) others
      where others.until > instant;
  end if;
  return extract(epoch from longest - instant) * 1000;
end $$;

-- Either a row for each key, or one without a token: how long others keep at least one of them.
create or replace function ${schema}.try_acquire_all(keys text[], askers text[], ttl_ms float8, shown text)
  returns table (place int, remaining_ms float8, fencing_token text) language plpgsql as $$
declare
  asked record;
  instant timestamptz;
  ${patient}
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
          expires_at = instant + ttl_ms * interval '1 millisecond',
          -- Somebody may be keeping his place at this moment, who is seen as silent.
          parted = case when l.parted then ${schema}.is_awaited(asked.k, null) else false end
      where l.key = asked.k and (l.holder <> asked.h or l.expires_at <= instant);
    select asked.n, extract(epoch from l.expires_at - instant) * 1000, l.token
      into place, remaining_ms, fencing_token
      from ${schema}.leases l where l.key = asked.k;
    return next;
  end loop;
end $$;
`

/** Of the claims that are wanting. Returns where none is any more. */
const renewed = (table: string, slots: string): string => `\
  return query
    update ${table} held
      set expires_at = greatest(held.expires_at, instant + list.ttl_ms * interval '1 millisecond'),
          token = case
            when list.named::bigint between held.token and held.token / ${TOKEN_STEP} * ${TOKEN_STEP} + ${TOKEN_STEP - 1}
            then list.named::bigint else held.token
          end
      from unnest(ours, askers, ttls_ms, named) with ordinality as list (k, h, ttl_ms, named, n)
      where held.key = list.k and held.holder = list.h and held.expires_at > instant
      returning list.n::int, (extract(epoch from held.expires_at - instant) * 1000)::float8, held.token::text, ${slots}, null, false;
  get diagnostics renewed = row_count;
  wanting := wanting - renewed;
  if wanting <= 0 then
    return;
  end if;`
