import { queue } from './queue.ts'

/**
 * One attempt: what acquire, join and the next in a release have in common. After `keep`.
 *
 * Granted what was asked for: the token. Granted already: 1, token, time. Contended: 0, time, server's clock. A claim that holds the key is told what it
 * has. One that was granted its turn and asks itself has confirmed it: it gets the time it asked for.
 */
export const attempt = `${queue}
-- 0 is less than a millisecond, not nothing.
local function remaining(keys)
  return math.max(redis.call('PTTL', keys.hold), 1)
end

-- Written in any case: WAIT covers what its own connection wrote. Told is no more than was asked for, as by a renewal.
local function confirm(keys, ttl)
  local left = remaining(keys)
  if redis.call('HDEL', keys.hold, 'unconfirmed') == 1 then left = math.max(left, tonumber(ttl)) end
  redis.call('PEXPIRE', keys.hold, string.format('%.0f', left))
  return math.min(left, tonumber(ttl))
end

local function contended(keys)
  return { 0, remaining(keys), now_ms }
end

-- Nobody holds the key; others may wait for it.
local function take(keys, namespace, holder, ttl, metadata)
  local free, is_first = pass_on(keys, namespace, holder)
  if not free then return contended(keys) end
  local token = keep(keys.hold, keys.token, now, holder, ttl, metadata)
  if is_first then drop_first(keys, holder) end
  return token
end

local function attempt(keys, namespace, holder, ttl, metadata)
  local held = redis.call('HMGET', keys.hold, 'holder', 'token')
  if not held[1] then return take(keys, namespace, holder, ttl, metadata) end
  if held[1] ~= holder then return contended(keys) end
  return { 1, held[2], confirm(keys, ttl) }
end
`
