import { patient, relaxed } from './table-sql.ts'

/** Wake-up of those who wait. A notification costs a lock on the whole database at commit: sent only where somebody waits. */
export const turnSql = (schema: string, channel: string): string => `
-- Marks the key, so that its release is announced. False: it is free, or the asker's own by now, who would mark it for nobody.
create or replace function ${schema}.await_turn(wanted text, asker text) returns boolean language plpgsql as $$
declare
  ${patient}
begin
${relaxed}
  update ${schema}.leases set awaited = true
    where key = wanted and not awaited and (expires_at > clock_timestamp() and holder <> asker or parted);
  return found or exists (
    select from ${schema}.leases where key = wanted and (expires_at > clock_timestamp() and holder <> asker or parted)
  );
end $$;

-- As packages before it ask.
create or replace function ${schema}.await_turn(wanted text) returns boolean language sql as $$
  select ${schema}.await_turn(wanted, '')
$$;

-- The mark goes with the announcement: whoever still waits sets it again, and the dead do not.
create or replace function ${schema}.announce(freed text) returns void language plpgsql as $$
begin
  update ${schema}.leases set awaited = false where key = freed;
  perform pg_notify('${channel}', freed);
end $$;
`
