/**
 * How long the last token of an idle key is remembered. After that, and after any loss of data, tokens go on from the server's clock: only a
 * clock that is behind as well can make them go back.
 */
const REMEMBERED_MS = 24 * 60 * 60 * 1000

/** Microseconds since 1970 are exact in a Lua number until the year 2255; `..` would print 14 digits of them. */
export const tokens = `
local function now_us()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function now_ms()
  return math.floor(now_us() / 1000)
end

-- Written before it is known whether the last one is less: that is so but for a clock that was set back.
local function next_token(keys)
  local now = now_us()
  local token = string.format('%.0f', now)
  local last = redis.call('SET', keys.token, token, 'PX', ${REMEMBERED_MS}, 'GET')
  if not last or tonumber(last) < now then return token end
  token = string.format('%.0f', last + 1)
  redis.call('SET', keys.token, token, 'PX', ${REMEMBERED_MS})
  return token
end
`
