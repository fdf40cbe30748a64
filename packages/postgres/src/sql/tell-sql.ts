import { relaxed } from './table-sql.ts'

/**
 * What those who wait are told. At its commit, who notifies keeps all others out who notify in any database of the server, until what it committed is on disk. What a release has granted must be on
 * disk before it is told, so it is told in a transaction of its own, which waits for no disk: in the same trip, where a procedure may commit.
 */
export const tellSql = (schema: string, channel: string): string => `
-- At the commit, or, where that is wanted, behind it.
create or replace function ${schema}.tell(payload text) returns void language plpgsql as $$
declare
  untold jsonb := nullif(current_setting('leasehold.untold', true), '');
begin
  if untold is null then
    perform pg_notify('${channel}', payload);
  else
    perform set_config('leasehold.untold', (untold || to_jsonb(payload))::text, true);
  end if;
end $$;

-- If it fails, nobody is told, and those who wait find out within half a second.
create or replace procedure ${schema}.tell_untold() language plpgsql as $$
declare
  untold jsonb := nullif(current_setting('leasehold.untold', true), '');
begin
  if untold is null or untold = '[]' then
    return;
  end if;
  commit;
${relaxed}
  perform pg_notify('${channel}', payload) from jsonb_array_elements_text(untold) as list (payload);
end $$;

-- As release. Only what is a transaction of its own may tell behind its commit.
create or replace procedure ${schema}.give_back(ended text, asker text, is_alone boolean, inout answer boolean) language plpgsql as $$
begin
  perform set_config('leasehold.untold', case when is_alone then '[]' else '' end, true);
  answer := ${schema}.release(ended, asker);
  call ${schema}.tell_untold();
end $$;

-- As release_some. Places with blanks between them, negative where is_locked.
create or replace procedure ${schema}.give_back_some(
  keys text[], askers text[], patience_ms float8, is_alone boolean, inout answer text
) language plpgsql as $$
begin
  perform set_config('leasehold.untold', case when is_alone then '[]' else '' end, true);
  select string_agg(case when r.is_locked then -r.place else r.place end::text, ' ') into answer
    from ${schema}.release_some(keys, askers, patience_ms) r;
  call ${schema}.tell_untold();
end $$;
`
