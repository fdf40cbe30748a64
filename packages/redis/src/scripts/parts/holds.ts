import { tokens } from './tokens.ts'

/** The hold of one key. A free key has none. */
export const holds = `${tokens}
local function keys_of(first)
  return { hold = KEYS[first], token = KEYS[first + 1], queue = KEYS[first + 2], waiters = KEYS[first + 3] }
end

-- A user who may not run PEXPIRE must not leave a hold that never ends.
local function keep(keys, holder, ttl, metadata)
  local token = next_token(keys)
  redis.call('HSET', keys.hold, 'holder', holder, 'token', token, 'metadata', metadata)
  local sound, refusal = pcall(redis.call, 'PEXPIRE', keys.hold, ttl)
  if not sound then
    redis.call('DEL', keys.hold)
    error(refusal, 0)
  end
  return token
end

-- 0 is less than a millisecond, not nothing.
local function remaining(keys)
  return math.max(redis.call('PTTL', keys.hold), 1)
end
`
