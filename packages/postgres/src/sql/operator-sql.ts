import { durable, patient } from './table-sql.ts'

/** For so long a holder can learn why its hold was ended. */
const TOLD_FOR = `interval '65 minutes'`

/** What operators ask and do. */
export const operatorSql = (schema: string): string => `
create or replace function ${schema}.inspect_holds(shown text)
  returns table (
    key text, remaining_ms float8, fencing_token text, metadata text, kind text, take int, out_of int, slots text
  ) language sql stable as $$
  select l.key, extract(epoch from l.expires_at - clock_timestamp())::float8 * 1000, l.token::text, l.metadata,
      'whole', null::int, null::int, null
    from ${schema}.leases l where l.key = shown and l.expires_at > clock_timestamp()
  union all
  select p.key, extract(epoch from p.expires_at - clock_timestamp())::float8 * 1000, p.token::text, p.metadata,
      p.kind, p.take, p.out_of, array_to_string(p.slots, ' ')
    from ${schema}.lease_parts p where p.key = shown and p.expires_at > clock_timestamp();
$$;

-- Reads the rows of keys in their order, from the prefix on, and no further than needed. One moment's picture, but for the clock.
create or replace function ${schema}.list_holds(prefix text, at_most int)
  returns table (
    key text, remaining_ms float8, fencing_token text, metadata text, kind text, take int, out_of int, slots text
  ) language plpgsql stable as $$
declare
  each record;
  listed int := 0;
  more int;
begin
  for each in select l.key, l.parted, l.expires_at from ${schema}.leases l where l.key >= prefix order by l.key loop
    exit when not starts_with(each.key, prefix) or listed >= at_most;
    continue when not each.parted and each.expires_at <= clock_timestamp();
    return query select * from ${schema}.inspect_holds(each.key) limit at_most - listed;
    get diagnostics more = row_count;
    listed := listed + more;
  end loop;
end $$;

create or replace function ${schema}.annotate(noted text, asker text, shown text) returns boolean language plpgsql as $$
declare
  ${patient}
begin
${durable}
  update ${schema}.leases l set metadata = shown
    where l.key = noted and l.holder = asker and l.expires_at > clock_timestamp();
  if found then
    return true;
  end if;
  update ${schema}.lease_parts p set metadata = shown
    where p.key = noted and p.holder = asker and p.expires_at > clock_timestamp();
  return found;
end $$;

-- How many holds it has ended.
create or replace function ${schema}.force_release(freed text, reason text) returns int language plpgsql as $$
declare
  instant timestamptz;
  ended int;
  ${patient}
begin
${durable}
  perform from ${schema}.leases l where l.key = freed for update;
  instant := clock_timestamp();
  insert into ${schema}.lease_forced as f (key, holder, why, told_until)
    select freed, held.holder, reason, instant + ${TOLD_FOR} from (
      select l.holder from ${schema}.leases l where l.key = freed and l.expires_at > instant
      union all
      select p.holder from ${schema}.lease_parts p where p.key = freed and p.expires_at > instant
    ) held
    on conflict (key, holder) do update set why = excluded.why, told_until = excluded.told_until;
  get diagnostics ended = row_count;
  if ended > 0 then
    update ${schema}.leases l set holder = '', metadata = null, expires_at = 'epoch', freed_at = instant
      where l.key = freed;
    delete from ${schema}.lease_parts p where p.key = freed;
    perform ${schema}.call_in(freed);
  end if;
  return ended;
end $$;
`
