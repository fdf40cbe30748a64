/**
 * Tokens come from one sequence, which never goes back: not when a row is deleted, nor after a crash. A row of a free key
 * has expired; it may be deleted at any time.
 */
export const tableSql = (schema: string): string => `\
do $$
begin
  if current_setting('server_version_num')::int < 140000 then
    raise exception 'Leasehold needs Postgres 14 or newer; this is %', current_setting('server_version');
  end if;
  -- Asked first: "if not exists" demands the right to create schemas also where there is nothing to create.
  if to_regnamespace('${schema}') is null then
    create schema ${schema};
  end if;
end $$;

create sequence if not exists ${schema}.fencing_tokens as bigint;

-- Half of each page is left free, so that a change of a row needs no new entry in the index.
create table if not exists ${schema}.leases (
  key text collate "C" primary key,
  holder text not null default '',
  token bigint not null default 0,
  expires_at timestamptz not null default 'epoch',
  metadata text,
  awaited boolean not null default false
) with (fillfactor = 50);

create table if not exists ${schema}.fences (
  resource text collate "C" primary key,
  token bigint not null
) with (fillfactor = 50);
`

/** A lost grant or renewal would let two holders in, and tokens go back: it is on disk before it is answered. */
export const durable = `\
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'local', true);
  end if;`

/** A lost release costs one TTL, and whatever is granted afterwards takes it along to the disk. For this one statement. */
export const relaxed = `\
  perform set_config('synchronous_commit', 'off', true);`
