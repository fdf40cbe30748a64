do $$
begin
  if current_setting('server_version_num')::int < 140000 then
    raise exception 'Leasehold needs Postgres 14 or newer; this is %', current_setting('server_version');
  end if;
  -- Asked first: "if not exists" demands the right to create schemas also where there is nothing to create.
  if to_regnamespace('"leasehold"') is null then
    create schema "leasehold";
  end if;
end $$;

create sequence if not exists "leasehold".fencing_tokens as bigint;

-- Half of each page is left free, so that a change of a row needs no new entry in the index.
create table if not exists "leasehold".leases (
  key text collate "C" primary key,
  holder text not null default '',
  token bigint not null default 0,
  expires_at timestamptz not null default 'epoch',
  metadata text,
  awaited boolean not null default false
) with (fillfactor = 50);

create table if not exists "leasehold".fences (
  resource text collate "C" primary key,
  token bigint not null
) with (fillfactor = 50);


create or replace function "leasehold".try_acquire(
  wanted text, asker text, ttl_ms float8, shown text,
  out granted boolean, out remaining_ms float8, out fencing_token text
) language plpgsql as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'local', true);
  end if;
  loop
    -- The token is drawn against the row as it is. Where somebody was granted the key meanwhile, the row has changed, and
    -- the server evaluates condition and token anew after it has locked the row: an older token is never written.
    update "leasehold".leases
      set holder = asker, metadata = shown, token = nextval('"leasehold".fencing_tokens'),
          expires_at = clock_timestamp() + ttl_ms * interval '1 millisecond'
      where key = wanted and expires_at <= clock_timestamp()
      returning true, ttl_ms, token into granted, remaining_ms, fencing_token;
    exit when found;
    select holder = asker, extract(epoch from expires_at - clock_timestamp()) * 1000, token
      into granted, remaining_ms, fencing_token
      from "leasehold".leases where key = wanted;
    exit when remaining_ms > 0;
    -- No token yet: what is inserted may have been evaluated long before.
    if not found then
      insert into "leasehold".leases (key) values (wanted) on conflict do nothing;
    end if;
  end loop;
end $$;

create or replace function "leasehold".release(ended text, asker text) returns boolean language plpgsql as $$
declare
  is_awaited boolean;
begin
  perform set_config('synchronous_commit', 'off', true);
  update "leasehold".leases set holder = '', metadata = null, expires_at = 'epoch'
    where key = ended and holder = asker and expires_at > clock_timestamp()
    returning awaited into is_awaited;
  if not found then
    return false;
  end if;
  if is_awaited then
    perform "leasehold".announce(ended);
  end if;
  return true;
end $$;

create or replace function "leasehold".inspect(shown text)
  returns table (remaining_ms float8, fencing_token text, metadata text) language sql as $$
  select extract(epoch from l.expires_at - clock_timestamp())::float8 * 1000, l.token::text, l.metadata
    from "leasehold".leases l where l.key = shown and l.expires_at > clock_timestamp();
$$;


-- Locks the rows that these claims hold. Somebody else may keep one locked past the end of its hold: the clock is read, and
-- answered, when no lock is waited for any more.
create or replace function "leasehold".lock_held(keys text[], askers text[]) returns timestamptz language plpgsql as $$
begin
  perform from "leasehold".leases l
    join unnest(keys, askers) as list (k, h) on l.key = list.k and l.holder = list.h
    order by l.key collate "C" for update of l;
  return clock_timestamp();
end $$;

create or replace function "leasehold".renew_all(keys text[], askers text[], ttls_ms float8[])
  returns table (place int, remaining_ms float8, fencing_token text) language plpgsql as $$
declare
  instant timestamptz;
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'local', true);
  end if;
  instant := "leasehold".lock_held(keys, askers);
  return query
    update "leasehold".leases l
      set expires_at = greatest(l.expires_at, instant + list.ttl_ms * interval '1 millisecond')
      from unnest(keys, askers, ttls_ms) with ordinality as list (k, h, ttl_ms, n)
      where l.key = list.k and l.holder = list.h and l.expires_at > instant
      returning list.n::int, (extract(epoch from l.expires_at - instant) * 1000)::float8, l.token::text;
end $$;

-- The places of the claims whose holds it has ended.
create or replace function "leasehold".release_all(keys text[], askers text[])
  returns table (place int) language plpgsql as $$
declare
  instant timestamptz;
  freed record;
begin
  perform set_config('synchronous_commit', 'off', true);
  instant := "leasehold".lock_held(keys, askers);
  for freed in
    update "leasehold".leases l set holder = '', metadata = null, expires_at = 'epoch'
      from unnest(keys, askers) with ordinality as list (k, h, n)
      where l.key = list.k and l.holder = list.h and l.expires_at > instant
      returning list.n::int as n, l.key, l.awaited
  loop
    if freed.awaited then
      perform "leasehold".announce(freed.key);
    end if;
    place := freed.n;
    return next;
  end loop;
end $$;

create or replace function "leasehold".held_by_others_ms(keys text[], askers text[]) returns float8 language sql as $$
  select max(extract(epoch from l.expires_at - clock_timestamp()) * 1000)::float8
    from unnest(keys, askers) as list (k, h)
    join "leasehold".leases l on l.key = list.k and l.holder <> list.h
    where l.expires_at > clock_timestamp();
$$;

-- Either a row for each key, or one without a token: how long others keep at least one of them.
create or replace function "leasehold".try_acquire_all(keys text[], askers text[], ttl_ms float8, shown text)
  returns table (place int, remaining_ms float8, fencing_token text) language plpgsql as $$
declare
  asked record;
  instant timestamptz;
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'local', true);
  end if;
  remaining_ms := "leasehold".held_by_others_ms(keys, askers);
  if remaining_ms is null then
    for asked in select k from unnest(keys) as list (k) order by k collate "C" loop
      loop
        perform from "leasehold".leases where key = asked.k for update;
        exit when found;
        insert into "leasehold".leases (key) values (asked.k) on conflict do nothing;
      end loop;
    end loop;
    remaining_ms := "leasehold".held_by_others_ms(keys, askers);
  end if;
  if remaining_ms is not null then
    return next;
    return;
  end if;
  -- All rows are locked: tokens are drawn under exclusion.
  instant := clock_timestamp();
  for asked in select k, h, n from unnest(keys, askers) with ordinality as list (k, h, n) loop
    update "leasehold".leases l
      set holder = asked.h, metadata = shown, token = nextval('"leasehold".fencing_tokens'),
          expires_at = instant + ttl_ms * interval '1 millisecond'
      where l.key = asked.k and (l.holder <> asked.h or l.expires_at <= instant);
    select asked.n, extract(epoch from l.expires_at - instant) * 1000, l.token
      into place, remaining_ms, fencing_token
      from "leasehold".leases l where l.key = asked.k;
    return next;
  end loop;
end $$;


-- Marks the key, so that its release is announced. False: it is free.
create or replace function "leasehold".await_turn(wanted text) returns boolean language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update "leasehold".leases set awaited = true
    where key = wanted and not awaited and expires_at > clock_timestamp();
  return found or exists (select from "leasehold".leases where key = wanted and expires_at > clock_timestamp());
end $$;

-- The mark goes with the announcement: whoever still waits sets it again, and the dead do not.
create or replace function "leasehold".announce(freed text) returns void language plpgsql as $$
begin
  update "leasehold".leases set awaited = false where key = freed;
  perform pg_notify('leasehold_d01ce93f1a831a1ad17dbc672dc6930f', freed);
end $$;


create or replace function "leasehold".prune() returns bigint language sql as $$
  with free as (
    select key from "leasehold".leases where expires_at <= clock_timestamp() for update skip locked
  ), deleted as (
    delete from "leasehold".leases l using free where l.key = free.key returning 1
  )
  select count(*) from deleted;
$$;


create or replace function "leasehold".fence(guarded text, offered bigint) returns void language plpgsql as $$
begin
  insert into "leasehold".fences as seen (resource, token) values (guarded, offered)
    on conflict (resource) do update set token = excluded.token where seen.token <= excluded.token;
  if not found then
    raise exception 'stale fencing token % for "%"', offered, guarded using errcode = 'LH001';
  end if;
end $$;


create or replace function "leasehold".schema_version() returns int language sql immutable as 'select 2';
