import { durable, patient, relaxed } from './table-sql.ts'

/** All of one key: acquire, release, inspect. */
export const leaseSql = (schema: string): string => `
-- The tokens that follow the one it answers are reserved for the hold, up to the next one that the sequence draws.
create or replace function ${schema}.take_whole(
  wanted text, asker text, ttl_ms float8, shown text,
  out granted boolean, out remaining_ms float8, out fencing_token text
) language plpgsql as $$
declare
  is_parted boolean;
  ${patient}
begin
${durable}
  loop
    -- The token is drawn against the row as it is. Where somebody was granted the key meanwhile, the row has changed, and
    -- the server evaluates condition and token anew after it has locked the row: an older token is never written.
    update ${schema}.leases
      set holder = asker, metadata = shown, token = nextval('${schema}.fencing_tokens'),
          expires_at = clock_timestamp() + ttl_ms * interval '1 millisecond'
      where key = wanted and expires_at <= clock_timestamp() and not parted
      returning true, ttl_ms, token into granted, remaining_ms, fencing_token;
    exit when found;
    select holder = asker, extract(epoch from expires_at - clock_timestamp()) * 1000, token, parted
      into granted, remaining_ms, fencing_token, is_parted
      from ${schema}.leases where key = wanted;
    exit when remaining_ms > 0;
    if is_parted then
      select t.granted, t.remaining_ms, t.fencing_token into granted, remaining_ms, fencing_token
        from ${schema}.take_part(wanted, asker, ttl_ms, shown, 'whole', null, null) t;
      return;
    end if;
    -- No token yet: what is inserted may have been evaluated long before.
    if not found then
      insert into ${schema}.leases (key) values (wanted) on conflict do nothing;
    end if;
  end loop;
end $$;

-- For versions of the package that pass no turns on.
create or replace function ${schema}.try_acquire(
  wanted text, asker text, ttl_ms float8, shown text,
  out granted boolean, out remaining_ms float8, out fencing_token text
) language sql as $$
  select * from ${schema}.take_whole(wanted, asker, ttl_ms, shown)
$$;

create or replace function ${schema}.release(ended text, asker text) returns boolean language plpgsql as $$
declare
  is_parted boolean;
  ${patient}
begin
${relaxed}
  update ${schema}.leases set holder = '', metadata = null, expires_at = 'epoch', freed_at = clock_timestamp()
    where key = ended and holder = asker and expires_at > clock_timestamp()
    returning parted into is_parted;
  if not found then
    -- Who stood in line may have been granted the key since.
    select l.parted or l.holder = asker into is_parted from ${schema}.leases l where l.key = ended;
    return case when is_parted then ${schema}.leave(ended, asker) else false end;
  end if;
  if is_parted then
    perform ${schema}.call_in(ended);
  end if;
  return true;
end $$;

-- For versions of the package that know no parts.
create or replace function ${schema}.inspect(shown text)
  returns table (remaining_ms float8, fencing_token text, metadata text) language sql as $$
  select extract(epoch from l.expires_at - clock_timestamp())::float8 * 1000, l.token::text, l.metadata
    from ${schema}.leases l where l.key = shown and l.expires_at > clock_timestamp();
$$;
`
