/** Raised by the guard; the class is not one that Postgres uses. */
export const STALE_TOKEN_STATE = 'LH001'

/**
 * The guard stands in the transaction of the write that it protects. Its row stays locked until that transaction ends: a newer
 * token waits for an older write under way, and an older token that comes later is refused.
 */
export const fenceSql = (schema: string): string => `
create or replace function ${schema}.fence(guarded text, offered bigint) returns void language plpgsql as $$
begin
  insert into ${schema}.fences as seen (resource, token) values (guarded, offered)
    on conflict (resource) do update set token = excluded.token where seen.token <= excluded.token;
  if not found then
    raise exception 'stale fencing token % for "%"', offered, guarded using errcode = '${STALE_TOKEN_STATE}';
  end if;
end $$;
`
