import { queue } from './queue.ts'

/**
 * One attempt: what acquire, join and the next in a release have in common. Granted: 1, token, time; contended: 0, time, server's clock.
 *
 * A claim that holds the key is told what it has. One that was granted its turn and asks itself has confirmed it: it gets the time it asked for.
 */
export const attempt = `${queue}
-- Written in any case: WAIT covers what its own connection wrote.
local function confirm(keys, ttl)
  local left = remaining(keys)
  if redis.call('HDEL', keys.hold, 'unconfirmed') == 1 then left = math.max(left, tonumber(ttl)) end
  redis.call('PEXPIRE', keys.hold, string.format('%.0f', left))
  return left
end

local function contended(keys)
  return { 0, remaining(keys), string.format('%.0f', now_ms()) }
end

local function attempt(keys, namespace, holder, ttl, metadata)
  -- What most attempts find: nobody holds the key, and nobody waits for it.
  if redis.call('EXISTS', keys.hold, keys.queue) == 0 then
    return { 1, keep(keys, holder, ttl, metadata), tonumber(ttl) }
  end
  local held = redis.call('HMGET', keys.hold, 'holder', 'token')
  if held[1] == holder then
    return { 1, held[2], confirm(keys, ttl) }
  end
  if held[1] then return contended(keys) end
  local free, is_first = pass_on(keys, namespace, holder)
  if not free then return contended(keys) end
  local token = keep(keys, holder, ttl, metadata)
  if is_first then drop_first(keys, holder) end
  return { 1, token, tonumber(ttl) }
end
`
