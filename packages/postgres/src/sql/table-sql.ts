/** "leasehold" in ASCII, as far as 63 bits go: whoever migrates anything of Leasehold waits for its turn here. */
export const MIGRATION_LOCK = BigInt('0x6c65617365686f6c')

/** How long a statement waits for a row that somebody else keeps locked: half of what core gives a request, by default. */
export const LOCK_WAIT = '1000ms'

/** Those between two that are drawn are reserved for whom the turn is passed on to. */
export const TOKEN_STEP = 10

/**
 * Tokens come from one sequence, which never goes back: not when a row is deleted, nor after a crash. A row of a free key
 * has expired; it may be deleted at any time, unless it is marked "parted": somebody has a part of the key or stands in its line,
 * or did so lately, and whatever is asked of the key takes the long way, under the lock of the row.
 */
export const tableSql = (schema: string): string => `\
do $$
begin
  -- One at a time: of two that define one function at once, one fails. Until the transaction ends, if all of this is one.
  perform pg_advisory_xact_lock(${MIGRATION_LOCK});
  if current_setting('server_version_num')::int < 140000 then
    raise exception 'Leasehold needs Postgres 14 or newer; this is %', current_setting('server_version');
  end if;
  -- Asked first: "if not exists" demands the right to create schemas also where there is nothing to create.
  if to_regnamespace('${schema}') is null then
    create schema ${schema};
  end if;
end $$;

do $$
begin
  -- From the microseconds since 1970 on: made anew, it begins beyond all tokens that were drawn before.
  if to_regclass('${schema}.fencing_tokens') is null then
    execute format('create sequence ${schema}.fencing_tokens as bigint increment by ${TOKEN_STEP} start with %s',
      (extract(epoch from clock_timestamp()) * 1000000)::bigint / ${TOKEN_STEP} * ${TOKEN_STEP});
  end if;
  -- Before version 5. Whoever draws a token waits meanwhile.
  if (select seqincrement from pg_sequence where seqrelid = '${schema}.fencing_tokens'::regclass) <> ${TOKEN_STEP} then
    alter sequence ${schema}.fencing_tokens increment by ${TOKEN_STEP};
    perform setval('${schema}.fencing_tokens', (last_value / ${TOKEN_STEP} + 1) * ${TOKEN_STEP}) from ${schema}.fencing_tokens;
  end if;
end $$;

-- Half of each page is left free, so that a change of a row needs no new entry in the index.
create table if not exists ${schema}.leases (
  key text collate "C" primary key,
  holder text not null default '',
  token bigint not null default 0,
  expires_at timestamptz not null default 'epoch',
  metadata text,
  parted boolean not null default false,
  freed_at timestamptz
) with (fillfactor = 50);

do $$
declare
  columns text[] := array(select attname::text from pg_attribute where attrelid = '${schema}.leases'::regclass);
begin
  -- Asked first: "if not exists" locks the table also where there is nothing to add. Schemas before version 3:
  if 'parted' <> all (columns) then
    alter table ${schema}.leases add column if not exists parted boolean not null default false;
  end if;
  -- Before version 4.
  if 'freed_at' <> all (columns) then
    alter table ${schema}.leases add column if not exists freed_at timestamptz;
  end if;
end $$;

-- Who has a part of a key. Read and changed by those who have locked the key's row in leases, which is marked "parted" before.
create table if not exists ${schema}.lease_parts (
  key text collate "C" not null,
  holder text not null,
  kind text not null,
  take int,
  out_of int,
  slots int[] not null default '{}',
  token bigint not null,
  expires_at timestamptz not null,
  metadata text,
  primary key (key, holder)
) with (fillfactor = 50);

-- Who waits for keys of which somebody has a part or wants one. A crash may empty it: whoever lives comes again.
create unlogged table if not exists ${schema}.lease_line (
  key text collate "C" not null,
  holder text not null,
  place bigint not null,
  kind text not null,
  take int,
  out_of int,
  alive_until timestamptz not null,
  ttl_ms float8,
  metadata text,
  primary key (key, holder)
) with (fillfactor = 50);

do $$
begin
  -- Before version 5.
  if not exists (select from pg_attribute where attrelid = '${schema}.lease_line'::regclass and attname = 'ttl_ms') then
    alter table ${schema}.lease_line add column if not exists ttl_ms float8, add column if not exists metadata text;
  end if;
end $$;

-- Whose holds were ended by force, and why.
create table if not exists ${schema}.lease_forced (
  key text collate "C" not null,
  holder text not null,
  why text not null,
  told_until timestamptz not null,
  primary key (key, holder)
);

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

/** A lost release costs one TTL, and whatever is granted afterwards takes it along to the disk. For this one statement, unless it comes to grant something. */
export const relaxed = `\
  perform set_config('leasehold.durability', current_setting('synchronous_commit'), true),
    set_config('synchronous_commit', 'off', true);`

/** Something is granted after all. */
export const durableAgain = `\
  perform set_config('synchronous_commit', case was when 'off' then 'local' else was end, true)
    from coalesce(nullif(current_setting('leasehold.durability', true), ''), current_setting('synchronous_commit')) was;`

/** Milliseconds since 1970. */
export const serverMs = (instant: string): string => `(extract(epoch from ${instant}) * 1000)::float8`

/**
 * For a declaration. Whoever gave up on a statement that waits for a row has left a backend behind, which is still there when the row is free: so
 * the server ends the wait, and says so.
 */
export const patient = `patience text := set_config('lock_timeout', '${LOCK_WAIT}', true);`
