/**
 * A key of which several have a share. Its hold has `shared` for a holder, which is nobody's: to who wants the whole key, it is held by somebody else, and ends with the last share. Beside
 * that `next`, before which no share ends, and `last`, after which none does; and under each holder its share: until when, token, attempt, metadata. Whoever looks drops those that
 * have ended.
 *
 * After `keeping`.
 */
export const shares = `
-- One reading for the whole script: not later than anything that it does.
local present = now_ms()

local function read(share)
  local ends, token, attempt, metadata = string.match(share or '', '^(%d+) (%d+) (%d+) (.*)$')
  return tonumber(ends), tonumber(token), tonumber(attempt), metadata
end

local function written(ends, token, attempt, metadata)
  return digits(ends) .. ' ' .. digits(token) .. ' ' .. digits(attempt) .. ' ' .. metadata
end

-- Drops what has ended. Whether anything is left. Out of memory, where nothing has ended, the next one looks again.
local function tidy(keys)
  local all = redis.call('HGETALL', keys.hold)
  local next, last
  for index = 1, #all, 2 do
    local ends = read(all[index + 1])
    if ends and ends <= present then
      redis.call('HDEL', keys.hold, all[index])
    elseif ends then
      next, last = math.min(next or ends, ends), math.max(last or ends, ends)
    end
  end
  if not last then
    redis.call('DEL', keys.hold)
    return false
  end
  redis.pcall('HSET', keys.hold, 'next', digits(next), 'last', digits(last))
  redis.pcall('PEXPIRE', keys.hold, digits(last - present))
  return true
end

-- Who has the key, or the next turn; and the share of this holder, if it has one that has not ended: then it has a token.
local function look(keys, holder)
  local fields = redis.call('HMGET', keys.hold, 'holder', 'turn', 'next', 'last', holder)
  if fields[3] and tonumber(fields[3]) <= present then
    tidy(keys)
    fields = redis.call('HMGET', keys.hold, 'holder', 'turn', 'next', 'last', holder)
  end
  local held = { holder = fields[1], turn = fields[2], next = tonumber(fields[3]), last = tonumber(fields[4]) }
  held.ends, held.token, held.attempt, held.metadata = read(fields[5])
  return held
end

-- Never shortens what others have.
local function lengthen(hold, ttl)
  redis.call('PEXPIRE', hold, digits(math.max(redis.call('PTTL', hold), ttl)))
end

-- After the token is remembered: a node out of memory refuses that, before anything is kept. A user who may not run PEXPIRE must neither leave a hold that never ends, nor change that of others.
local function keep_share(keys, held, holder, ttl, token, attempt, metadata)
  local ends = present + ttl
  local next, last = math.min(held.next or ends, ends), math.max(held.last or ends, ends)
  -- Without shares, there may be a turn.
  if held.holder then lengthen(keys.hold, ttl) else redis.call('DEL', keys.hold) end
  local share = written(ends, token, attempt, metadata)
  redis.call('HSET', keys.hold, 'holder', 'shared', 'next', digits(next), 'last', digits(last), holder, share)
  if held.holder then return end
  local sound, refusal = pcall(lengthen, keys.hold, ttl)
  if not sound then
    redis.call('DEL', keys.hold)
    error(refusal, 0)
  end
end

-- Whether others still have shares: the hold ends with the last of them.
local function end_share(keys, held, holder)
  redis.call('HDEL', keys.hold, holder)
  return held.ends < held.last or tidy(keys)
end
`
