import { TURN_MS, WAITER_LIFE_MS } from '../../waiting-times.ts'
import { keeping } from './keeping.ts'

/** Who waits for a key at this node, in the order of arrival. The list gives the order, the hash tells until when a waiter counts as alive, and its process. */
export const line = `${keeping}
local function leave(keys, holder)
  if redis.call('HDEL', keys.waiters, holder) == 1 then redis.call('LREM', keys.queue, 1, holder) end
end

-- Repeated, it keeps the place and says that the waiter lives. The list outlives the hash: whoever is in the hash is in the list.
local function stand(keys, holder, process)
  local entry = digits(now_ms() + ${WAITER_LIFE_MS}) .. ' ' .. process
  if redis.call('HSET', keys.waiters, holder, entry) == 1 then redis.call('RPUSH', keys.queue, holder) end
  redis.call('PEXPIRE', keys.waiters, ${WAITER_LIFE_MS})
  redis.call('PEXPIRE', keys.queue, ${WAITER_LIFE_MS * 2})
end

-- Tells a waiter, and keeps the key for it meanwhile. That it reaches nobody means that its process is gone: nothing is granted by it.
local function call_up(keys, holder, namespace)
  local alive_until, process = string.match(redis.call('HGET', keys.waiters, holder) or '', '^(%d+) (%S+)$')
  if not process or tonumber(alive_until) <= now_ms() then return false end
  redis.call('HSET', keys.hold, 'turn', holder)
  redis.call('PEXPIRE', keys.hold, ${TURN_MS})
  if redis.call('PUBLISH', namespace .. 'turns:' .. process, holder .. ' 0 0 0') > 0 then return true end
  redis.call('DEL', keys.hold)
  return false
end

-- The first waiter that lives stays first until it has the key.
local function call_next(keys, namespace)
  while true do
    local first = redis.call('LINDEX', keys.queue, 0)
    if not first or call_up(keys, first, namespace) then return end
    redis.call('HDEL', keys.waiters, first)
    redis.call('LPOP', keys.queue)
  end
end
`
