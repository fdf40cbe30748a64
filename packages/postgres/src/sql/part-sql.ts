import { durable, durableAgain, patient, serverMs } from './table-sql.ts'

/** For so long a key is kept for one who was granted it by a release, until he renews. */
const CLAIM_WINDOW_MS = 1500

/** Parts of a key: who fits beside whom, and in which order. All but `take_part` is for those who have locked the key's row. */
export const partSql = (schema: string): string => `
create or replace function ${schema}.lock_key(wanted text) returns void language plpgsql as $$
begin
  loop
    perform from ${schema}.leases where key = wanted for update;
    exit when found;
    insert into ${schema}.leases (key) values (wanted) on conflict do nothing;
  end loop;
end $$;

-- Who adds a part, or a place in line, to a key that is marked does not change the key's row. So one who has waited for the row, and then looks as at a moment before, would not see them, and would not be told.
create or replace function ${schema}.assert_current() returns void language plpgsql as $$
begin
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    raise exception 'whoever looks at parts of keys, or at those who wait, must see what others have committed'
      using errcode = 'serialization_failure', hint = 'Let these sessions begin transactions as "read committed".';
  end if;
end $$;

-- Those at the head of the line who fit beside those who have the key, and beside each other, with their permits: everybody up to the first
-- who does not fit. "latecomer", if not null, stands behind the line, unless he has a place in it. The whole rule of parts.
create or replace function ${schema}.let_in(
  wanted text, instant timestamptz, latecomer text, late_kind text, late_take int, late_of int
) returns table (waiter text, place bigint, slots int[]) language plpgsql as $$
declare
  standing text;
  taken int[] := '{}';
  each record;
begin
  perform ${schema}.assert_current();
  if exists (select from ${schema}.leases l where l.key = wanted and l.expires_at > instant) then
    return;
  end if;
  select p.kind into standing from ${schema}.lease_parts p where p.key = wanted and p.expires_at > instant limit 1;
  if standing = 'permits' then
    taken := array(
      select slot from ${schema}.lease_parts p cross join unnest(p.slots) slot
        where p.key = wanted and p.expires_at > instant
    );
  end if;
  for each in
    select w.holder, w.place, w.kind, w.take, w.out_of from ${schema}.lease_line w
      where w.key = wanted and w.alive_until > instant
    union all
    select latecomer, null, late_kind, late_take, late_of where latecomer is not null and not exists (
      select from ${schema}.lease_line w where w.key = wanted and w.holder = latecomer and w.alive_until > instant
    )
    order by 2 nulls last
  loop
    exit when standing <> each.kind or standing = 'whole';
    standing := each.kind;
    slots := '{}';
    if standing = 'permits' then
      slots := array(
        select slot from generate_series(0, each.out_of - 1) slot except select unnest(taken) order by 1 limit each.take
      );
      exit when cardinality(slots) < each.take;
      taken := taken || slots;
    end if;
    waiter := each.holder;
    place := each.place;
    return next;
  end loop;
end $$;

-- Until something may change by itself for the one who stands at this place, or behind the line.
create or replace function ${schema}.next_end_ms(wanted text, instant timestamptz, stands_at bigint) returns float8 language plpgsql as $$
begin
  return extract(epoch from least(
    (select l.expires_at from ${schema}.leases l where l.key = wanted and l.expires_at > instant),
    (select min(p.expires_at) from ${schema}.lease_parts p where p.key = wanted and p.expires_at > instant),
    (select min(w.alive_until) from ${schema}.lease_line w
      where w.key = wanted and w.alive_until > instant and (stands_at is null or w.place < stands_at))
  ) - instant) * 1000;
end $$;

-- Who holds what he claims is told so again.
create or replace function ${schema}.held_already(
  wanted text, asker text, instant timestamptz,
  out remaining_ms float8, out fencing_token text, out slots text
) language plpgsql as $$
begin
  select extract(epoch from own.expires_at - instant) * 1000, own.token, array_to_string(own.slots, ' ')
    into remaining_ms, fencing_token, slots
    from (
      select l.expires_at, l.token, null::int[] as slots from ${schema}.leases l where l.key = wanted and l.holder = asker
      union all
      select p.expires_at, p.token, p.slots from ${schema}.lease_parts p where p.key = wanted and p.holder = asker
    ) own
    where own.expires_at > instant;
end $$;

-- Marks the key.
create or replace function ${schema}.part(wanted text) returns void language sql as $$
  update ${schema}.leases l set parted = true where l.key = wanted and not l.parted
$$;

-- The key may be had: where the first in line wants all of it, he has it from now on, for a short time, and is told so, under a name that is nobody else's. Those who want parts are told
-- that they are let in. Where nobody has a part any more, nor waits, the key is one like any other again.
create or replace function ${schema}.call_in(wanted text) returns void language plpgsql as $$
declare
  instant timestamptz := clock_timestamp();
  head record;
  given text;
  last_place bigint;
begin
  perform ${schema}.assert_current();
  delete from ${schema}.lease_parts p where p.key = wanted and p.expires_at <= instant;
  delete from ${schema}.lease_line w where w.key = wanted and w.alive_until <= instant;
  select w.holder, w.kind, least(w.ttl_ms, ${CLAIM_WINDOW_MS}) as ttl_ms, w.metadata into head
    from ${schema}.lease_line w where w.key = wanted order by w.place limit 1;
  if not found then
    update ${schema}.leases l set parted = false, freed_at = instant
      where l.key = wanted and l.parted and not exists (select from ${schema}.lease_parts p where p.key = wanted);
  elsif head.kind <> 'whole' or head.ttl_ms is null then
    select max(i.place) into last_place from ${schema}.let_in(wanted, instant, null, null, null, null) i;
    if last_place is not null then
      perform ${schema}.tell(last_place || ':' || wanted);
    end if;
  elsif not exists (select from ${schema}.leases l where l.key = wanted and l.expires_at > instant)
      and not exists (select from ${schema}.lease_parts p where p.key = wanted) then
${durableAgain}
    delete from ${schema}.lease_line w where w.key = wanted and w.holder = head.holder;
    update ${schema}.leases l
      set holder = head.holder, metadata = head.metadata, token = nextval('${schema}.fencing_tokens'),
          expires_at = instant + head.ttl_ms * interval '1 millisecond',
          parted = exists (select from ${schema}.lease_line w where w.key = wanted)
      where l.key = wanted returning l.token::text into given;
    perform ${schema}.tell(concat_ws(
      ' ', '+', encode(sha256(convert_to(head.holder, 'UTF8')), 'hex'), ${serverMs('instant')}, head.ttl_ms, given, wanted
    ));
  end if;
end $$;

-- Any kind of claim: its turn in the line decides.
create or replace function ${schema}.take_part(
  wanted text, asker text, ttl_ms float8, shown text, asked_kind text, asked_take int, asked_of int,
  out granted boolean, out remaining_ms float8, out fencing_token text, out slots text
) language plpgsql as $$
declare
  instant timestamptz;
  permits int[];
  was_open boolean;
  ${patient}
begin
${durable}
  perform ${schema}.lock_key(wanted);
  -- Read when no lock is waited for any more.
  instant := clock_timestamp();
  granted := true;
  select not l.parted and l.expires_at <= instant and asked_take is not distinct from least(asked_take, asked_of) into was_open from ${schema}.leases l where l.key = wanted;
  if was_open then
    permits := array(select generate_series(0, asked_take - 1));
  else
    select o.remaining_ms, o.fencing_token, o.slots into remaining_ms, fencing_token, slots
      from ${schema}.held_already(wanted, asker, instant) o;
    if fencing_token is not null then
      return;
    end if;
    select i.slots into permits
      from ${schema}.let_in(wanted, instant, asker, asked_kind, asked_take, asked_of) i where i.waiter = asker;
    if not found then
      granted := false;
      remaining_ms := ${schema}.next_end_ms(
        wanted, instant, (select w.place from ${schema}.lease_line w where w.key = wanted and w.holder = asker)
      );
      return;
    end if;
    delete from ${schema}.lease_parts p where p.key = wanted and p.expires_at <= instant;
    delete from ${schema}.lease_line w where w.key = wanted and (w.holder = asker or w.alive_until <= instant);
  end if;
  remaining_ms := ttl_ms;
  if asked_kind = 'whole' then
    update ${schema}.leases l
      set holder = asker, metadata = shown, token = nextval('${schema}.fencing_tokens'),
          expires_at = instant + ttl_ms * interval '1 millisecond',
          parted = exists (select from ${schema}.lease_line w where w.key = wanted)
      where l.key = wanted returning l.token into fencing_token;
    return;
  end if;
  -- What the dead have left where nobody has a part may bear the same name.
  insert into ${schema}.lease_parts as p (key, holder, kind, take, out_of, slots, token, expires_at, metadata)
    values (
      wanted, asker, asked_kind, asked_take, asked_of, permits, nextval('${schema}.fencing_tokens'),
      instant + ttl_ms * interval '1 millisecond', shown
    )
    on conflict (key, holder) do update
      set slots = excluded.slots, token = excluded.token, expires_at = excluded.expires_at, metadata = excluded.metadata
    returning p.token into fencing_token;
  slots := array_to_string(permits, ' ');
  if was_open then
    perform ${schema}.part(wanted);
  end if;
end $$;

-- As take_part, for versions of the package that pass permits on: where this function stands, the tokens that follow are reserved.
create or replace function ${schema}.take_share(
  wanted text, asker text, ttl_ms float8, shown text, asked_kind text, asked_take int, asked_of int,
  out granted boolean, out remaining_ms float8, out fencing_token text, out slots text
) language sql as $$
  select * from ${schema}.take_part(wanted, asker, ttl_ms, shown, asked_kind, asked_take, asked_of)
$$;
`
