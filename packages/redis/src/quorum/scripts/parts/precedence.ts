/**
 * Nobody overtakes the line: who wants a share waits for those who stand before it and want the whole key. The other way round, it is the turn that is kept for those who were called
 * up. After `line`.
 */
export const precedence = `
-- What keeps a claim from a share: the rank of who has the key or the next turn, and for how long; or no rank, where somebody stands in line before it, and how long that one counts
-- as alive. Who is not in line stands behind all. Nothing, where the share is to be had.
local function obstacle(keys, other, holder)
  if other and other ~= 'shared' then return rank_of(other), remaining(keys) end
  local now, place = now_ms(), 0
  while true do
    local waiter = redis.call('LINDEX', keys.queue, place)
    if not waiter or waiter == holder then return nil end
    local alive_until, _, kind = waiter_of(keys, waiter)
    if kind == '' and alive_until > now then return '', alive_until - now end
    place = place + 1
  end
end
`
