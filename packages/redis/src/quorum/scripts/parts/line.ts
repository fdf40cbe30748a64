import { TURN_MS, WAITER_LIFE_MS } from '../../waiting-times.ts'
import { keeping } from './keeping.ts'

/**
 * Who waits for a key at this node, in the order of arrival. The list gives the order, the hash tells until when a waiter counts as alive, its process, and `shared` where it wants no
 * more than that.
 */
export const line = `${keeping}
local function leave(keys, holder)
  if redis.call('HDEL', keys.waiters, holder) == 1 then redis.call('LREM', keys.queue, 1, holder) end
end

-- Repeated, it keeps the place and says that the waiter lives. The list outlives the hash: whoever is in the hash is in the list.
local function stand(keys, holder, process, kind)
  local entry = digits(now_ms() + ${WAITER_LIFE_MS}) .. ' ' .. process .. (kind and ' ' .. kind or '')
  if redis.call('HSET', keys.waiters, holder, entry) == 1 then redis.call('RPUSH', keys.queue, holder) end
  redis.call('PEXPIRE', keys.waiters, ${WAITER_LIFE_MS})
  redis.call('PEXPIRE', keys.queue, ${WAITER_LIFE_MS * 2})
end

-- Until when it counts as alive, its process, and what it wants: nothing is the whole key.
local function waiter_of(keys, holder)
  local entry = redis.call('HGET', keys.waiters, holder) or ''
  local alive_until, process, kind = string.match(entry, '^(%d+) (%S+) ?(%a*)$')
  return tonumber(alive_until) or 0, process, kind
end

-- Keeps the key for who is called up. A user who may not run PEXPIRE must not leave a turn that never ends.
local function keep_turn(keys, turn)
  redis.call('HSET', keys.hold, 'turn', turn)
  local sound, refusal = pcall(redis.call, 'PEXPIRE', keys.hold, ${TURN_MS})
  if not sound then
    redis.call('DEL', keys.hold)
    error(refusal, 0)
  end
end

-- How a process listens is the first character of its name: to one node, or, with a star, where that cannot tell who listens.
local function channel_of(namespace, process)
  return namespace .. 'turns:' .. string.gsub(process, '^%*', '')
end

-- How many listen there, where that can be told.
local function listeners(namespace, process)
  if string.sub(process, 1, 1) == '*' then return 1 end
  return redis.call('PUBSUB', 'NUMSUB', channel_of(namespace, process))[2]
end

-- That it reaches nobody means that its process is gone, or has to listen anew: nothing is granted by it.
local function tell(namespace, process, holder)
  local reached = redis.call('PUBLISH', channel_of(namespace, process), holder .. ' 0 0 0')
  return reached > 0 or string.sub(process, 1, 1) == '*'
end

-- Calls up the first waiter that lives, who stays first until it has the key; where that one wants a share, all behind it who want one, too, as far as nobody who wants the whole key
-- stands between. 'shared': others have shares by now, which keep the key.
local function call_next(keys, namespace, shared)
  local place, kept = 0, shared
  while true do
    local waiter = redis.call('LINDEX', keys.queue, place)
    if not waiter then return end
    local alive_until, process, kind = waiter_of(keys, waiter)
    -- One that has its share needs no place any more.
    local waits = alive_until > now_ms() and not (shared and redis.call('HGET', keys.hold, waiter))
    if waits and kind == '' and kept then return end
    if waits and not kept then keep_turn(keys, kind == '' and waiter or kind) end
    if waits and tell(namespace, process, waiter) then
      if kind == '' then return end
      kept = true
      place = place + 1
    else
      if waits and not kept then redis.call('DEL', keys.hold) end
      redis.call('HDEL', keys.waiters, waiter)
      redis.call('LREM', keys.queue, 1, waiter)
    end
  end
end
`
