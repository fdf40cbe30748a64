import { CLAIM_WINDOW_MS, WAITER_LIFE_MS } from '../../waiting-times.ts'

/**
 * Who waits for a key, in the order of arrival. The list gives the order, the hash tells who lives, and what each asks for: an entry of who wants a share begins with its kind and two numbers, how
 * many of how many. After `keep`.
 */
export const line = `
-- One reading for the whole script: not later than anything that it does.
local now = clock()
local now_ms = string.sub(now, 1, -4)

local function keys_of(first)
  return { hold = KEYS[first], token = KEYS[first + 1], queue = KEYS[first + 2], waiters = KEYS[first + 3] }
end

local function leave(keys, holder)
  if redis.call('HDEL', keys.waiters, holder) == 1 then redis.call('LREM', keys.queue, 1, holder) end
end

-- Repeated, it keeps the place and says that the waiter lives. The list outlives the hash: whoever is in the hash is in the list.
local function stand(keys, holder, ttl, metadata, process, share)
  local alive_until = string.format('%.0f', now_ms + ${WAITER_LIFE_MS})
  local entry = alive_until .. ' ' .. ttl .. ' ' .. process .. ' ' .. metadata
  if redis.call('HSET', keys.waiters, holder, (share or '') .. entry) == 1 then redis.call('RPUSH', keys.queue, holder) end
  redis.call('PEXPIRE', keys.waiters, '${WAITER_LIFE_MS}')
  redis.call('PEXPIRE', keys.queue, '${WAITER_LIFE_MS * 2}')
end

-- How a process listens is the first character of its name: to its shard, to the whole Cluster or where the server cannot tell who listens, or to one node.
local function channel_of(keys, namespace, process)
  local way = string.sub(process, 1, 1)
  if way == 's' then return way, string.sub(keys.hold, 1, -5) .. 'turns:' .. process end
  return way, namespace .. 'turns:' .. (way == '*' and string.sub(process, 2) or process)
end

-- How many listen there, where that can be told.
local function listeners(way, channel)
  if way == '*' then return 1 end
  return redis.call('PUBSUB', way == 's' and 'SHARDNUMSUB' or 'NUMSUB', channel)[2]
end

-- That nobody listens proves that the process is gone, or has to listen anew. Then nothing is said: whoever listens to a replica would hear it, and take the key for its own.
local function tell(keys, namespace, process, news)
  local way, channel = channel_of(keys, namespace, process)
  if listeners(way, channel) == 0 then return false end
  redis.call(way == 's' and 'SPUBLISH' or 'PUBLISH', channel, news)
  return true
end

-- Keeps the key for a waiter and tells its process. Answers for how long, or false if it could not; nothing for who wants a share.
local function offer(keys, holder, entry, namespace)
  local alive_until, ttl, process, metadata = string.match(entry, '^(%d+) (%d+) (%S+) (.*)$')
  if not alive_until then return nil end
  if tonumber(alive_until) <= tonumber(now_ms) then return false end
  local token
  if tonumber(ttl) > ${CLAIM_WINDOW_MS} then
    ttl = '${CLAIM_WINDOW_MS}'
    token = keep(keys.hold, keys.token, now, holder, ttl, metadata, 'unconfirmed', '1')
  else
    token = keep(keys.hold, keys.token, now, holder, ttl, metadata)
  end
  if tell(keys, namespace, process, holder .. ' ' .. token .. ' ' .. ttl .. ' ' .. now_ms) then return ttl end
  redis.call('DEL', keys.hold)
  return false
end

local function drop_first(keys, holder)
  redis.call('HDEL', keys.waiters, holder)
  redis.call('LPOP', keys.queue)
end
`

/** Offers a free key to `first`, in line. In `taken` what became of it. */
export const offerFirst = `
    local sound, taken = pcall(offer, keys, first, entry, namespace)
    if not sound then
      redis.call('DEL', keys.hold)
      error(taken, 0)
    end
`
