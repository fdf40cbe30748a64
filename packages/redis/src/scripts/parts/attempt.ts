import { queue } from './queue.ts'

/**
 * One attempt: what acquire, join and the next in a release have in common. After `keep`.
 *
 * Granted what was asked for: the token. Granted already: token, time. Contended: an empty token, time, server's clock. One string: a driver takes longest for what is
 * nested. A claim that holds the key is told what it has. One that was granted its turn and asks itself has confirmed it: it gets the time it asked for.
 */
export const attempt = `${queue}
-- 0 is less than a millisecond, not nothing.
local function remaining(keys)
  return math.max(redis.call('PTTL', keys.hold), 1)
end

-- Written in any case: WAIT covers what its own connection wrote. Told is no more than was asked for, as by a renewal.
local function confirm(keys, token, ttl)
  local left = remaining(keys)
  if redis.call('HDEL', keys.hold, 'unconfirmed') == 1 then left = math.max(left, tonumber(ttl)) end
  redis.call('PEXPIRE', keys.hold, left)
  return token .. ' ' .. math.min(left, tonumber(ttl))
end

local function contended(left)
  return ' ' .. left .. ' ' .. now_ms
end

local function is_contended(answer)
  return string.sub(answer, 1, 1) == ' '
end

-- Nobody holds the key, or those who have a share of it; others may wait for it.
local function take(keys, namespace, holder, ttl, metadata, shared)
  local free, more = (shared and let_in or pass_on)(keys, namespace, holder)
  if not free then return contended(more) end
  local token = keep(keys.hold, keys.token, now, holder, ttl, metadata)
  if more then drop_first(keys, holder) end
  return token
end

local function attempt(keys, namespace, holder, ttl, metadata)
  local held = redis.call('HMGET', keys.hold, 'holder', 'token')
  if not held[1] then return take(keys, namespace, holder, ttl, metadata) end
  if held[1] ~= holder then
    -- Only shares have no token.
    if not held[2] then return take(keys, namespace, holder, ttl, metadata, true) end
    return contended(remaining(keys))
  end
  return confirm(keys, held[2], ttl)
end
`
