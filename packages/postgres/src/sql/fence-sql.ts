/** Raised by the guard; the class is not one that Postgres uses. */
export const STALE_TOKEN_STATE = 'LH001'

/** Longer names than these bytes do not fit into an index: of them, a hash stands in their place. */
const LONGEST_NAME = 2000

/**
 * The guard stands in the transaction of the write that it protects. Its row stays locked until that transaction ends: a newer
 * token waits for an older write under way, and an older token that comes later is refused.
 */
export const fenceSql = (schema: string): string => `
create or replace function ${schema}.fence(guarded text, offered bigint) returns void language plpgsql as $$
declare
  name text := guarded;
begin
  if octet_length(guarded) > ${LONGEST_NAME} then
    name := encode(sha256(convert_to(guarded, 'UTF8')), 'hex');
  end if;
  insert into ${schema}.fences as seen (resource, token) values (name, offered)
    on conflict (resource) do update set token = excluded.token where seen.token <= excluded.token;
  if not found then
    raise exception 'stale fencing token % for "%"', offered, guarded using errcode = '${STALE_TOKEN_STATE}';
  end if;
end $$;
`
