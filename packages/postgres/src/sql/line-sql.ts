import { patient, relaxed, serverMs } from './table-sql.ts'

/** The line of those who wait for a key, or for a part of one. */
export const lineSql = (schema: string): string => `
-- A place in line. Or it is to be tried now.
create or replace function ${schema}.await_place(
  wanted text, asker text, asked_kind text, asked_take int, asked_of int, asked_ms float8, shown text, alive_ms float8,
  out place bigint, out is_let_in boolean, out remaining_ms float8, out server_ms float8
) language plpgsql as $$
declare
  instant timestamptz;
  ends timestamptz;
  ${patient}
begin
${relaxed}
  perform ${schema}.lock_key(wanted);
  instant := clock_timestamp();
  server_ms := ${serverMs('instant')};
  ends := instant + alive_ms * interval '1 millisecond';
  is_let_in := (select h.fencing_token is not null from ${schema}.held_already(wanted, asker, instant) h);
  if is_let_in then
    return;
  end if;
  is_let_in := exists (
    select from ${schema}.let_in(wanted, instant, asker, asked_kind, asked_take, asked_of) i where i.waiter = asker
  );
  if is_let_in and not exists (select from ${schema}.leases l where l.key = wanted and l.parted) then
    return;
  end if;
  -- One who was passed over stands at the end.
  delete from ${schema}.lease_line w where w.key = wanted and w.alive_until <= instant;
  insert into ${schema}.lease_line as own (key, holder, place, kind, take, out_of, alive_until, ttl_ms, metadata)
    values (
      wanted, asker, (select coalesce(max(w.place), 0) + 1 from ${schema}.lease_line w where w.key = wanted),
      asked_kind, asked_take, asked_of, ends, asked_ms, shown
    )
    on conflict (key, holder) do update set alive_until = ends
    returning own.place into place;
  remaining_ms := ${schema}.next_end_ms(wanted, instant, place);
  perform ${schema}.part(wanted);
end $$;

-- A row for each claim that has kept its place: whether it is its turn, and until when nothing changes by itself. Waits for nobody: whose place somebody else keeps at the same time has it, too.
create or replace function ${schema}.keep_places(keys text[], askers text[], alive_ms float8)
  returns table (claim int, is_let_in boolean, remaining_ms float8, server_ms float8) language plpgsql as $$
declare
  instant timestamptz := clock_timestamp();
  kept record;
  last_place bigint;
  told int[] := '{}';
begin
${relaxed}
  for kept in
    with alive as (
      select w.key, w.holder, list.n from ${schema}.lease_line w
        join unnest(keys, askers) with ordinality as list (k, h, n) on w.key = list.k and w.holder = list.h
        where w.alive_until > instant
        for update of w skip locked
    ), kept as (
      update ${schema}.lease_line w set alive_until = instant + alive_ms * interval '1 millisecond'
        from alive a where w.key = a.key and w.holder = a.holder
        returning a.n::int as n, w.key, w.place
    )
    select k.key, array_agg(k.n) as claims, array_agg(k.place) as places from kept k group by k.key
  loop
    told := told || kept.claims;
    select max(i.place) into last_place from ${schema}.let_in(kept.key, instant, null, null, null, null) i;
    return query
      select own.n, own.p <= coalesce(last_place, 0), ${schema}.next_end_ms(kept.key, instant, own.p), ${serverMs('instant')}
        from unnest(kept.claims, kept.places) as own (n, p);
  end loop;
  if cardinality(told) < cardinality(keys) then
    return query
      select list.n::int, false, null::float8, ${serverMs('instant')} from ${schema}.lease_line w
        join unnest(keys, askers) with ordinality as list (k, h, n) on w.key = list.k and w.holder = list.h
        where w.alive_until > instant and list.n <> all (told);
  end if;
end $$;

-- Gives up a place in line, and nothing else.
create or replace function ${schema}.leave_line(wanted text, asker text) returns void language plpgsql as $$
declare
  ${patient}
begin
${relaxed}
  perform from ${schema}.leases l where l.key = wanted for update;
  delete from ${schema}.lease_line w where w.key = wanted and w.holder = asker;
  if found then
    perform ${schema}.call_in(wanted);
  end if;
end $$;

-- Ends a part, or a place in line. Or all of the key, which a release has granted to who stood there while the row was waited for. True: it ended a hold.
create or replace function ${schema}.leave(wanted text, asker text) returns boolean language plpgsql as $$
declare
  is_ended boolean;
begin
  perform ${schema}.assert_current();
  perform from ${schema}.leases l where l.key = wanted for update;
  update ${schema}.leases l set holder = '', metadata = null, expires_at = 'epoch', freed_at = clock_timestamp()
    where l.key = wanted and l.holder = asker and l.expires_at > clock_timestamp();
  is_ended := found;
  if not is_ended then
    delete from ${schema}.lease_parts p where p.key = wanted and p.holder = asker and p.expires_at > clock_timestamp();
    is_ended := found;
  end if;
  if not is_ended then
    delete from ${schema}.lease_line w where w.key = wanted and w.holder = asker;
  end if;
  if found then
    perform ${schema}.call_in(wanted);
  end if;
  return is_ended;
end $$;
`
