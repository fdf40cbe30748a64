import { clock } from '../../../scripts/parts/clock.ts'
import { RANK_DIGITS } from '../../rank.ts'

/** For a clock that is set back: by itself, a node may forget a token as soon as its clock has passed it, since it then counts from the clock. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000

/** What one node keeps of one key: a hold, or the turn of a waiter, and the last token. Tokens are whole numbers below 2^53: exact in Lua, if printed by `%.0f`. */
export const keeping = `${clock}
local function keys_of(first)
  return { hold = KEYS[first], token = KEYS[first + 1], queue = KEYS[first + 2], waiters = KEYS[first + 3] }
end

local function digits(number)
  return string.format('%.0f', number)
end

local function last_token(keys)
  return tonumber(redis.call('GET', keys.token) or now_us())
end

-- Forgotten no earlier than the clock has passed it.
local function remember(keys, token)
  local ahead = math.ceil((token - now_us()) / 1000) + 1
  redis.call('SET', keys.token, digits(token), 'PX', digits(math.max(${REMEMBERED_MS}, ahead)))
end

-- The token first: a node out of memory refuses before anything is kept. A user who may not run PEXPIRE must not leave a hold that never ends.
local function keep(keys, holder, token, ttl, metadata, attempt)
  remember(keys, token)
  redis.call('DEL', keys.hold)
  redis.call('HSET', keys.hold, 'holder', holder, 'token', digits(token), 'metadata', metadata, 'attempt', attempt)
  local sound, refusal = pcall(redis.call, 'PEXPIRE', keys.hold, ttl)
  if not sound then
    redis.call('DEL', keys.hold)
    error(refusal, 0)
  end
end

-- 0 is less than a millisecond, not nothing.
local function remaining(keys)
  return math.max(redis.call('PTTL', keys.hold), 1)
end

local function rank_of(holder)
  return string.sub(redis.sha1hex(holder), 1, ${RANK_DIGITS})
end
`
