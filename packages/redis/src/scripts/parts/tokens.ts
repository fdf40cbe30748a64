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

local function next_token(keys)
  local last = tonumber(redis.call('GET', keys.token) or '0')
  local token = string.format('%.0f', math.max(last + 1, now_us()))
  redis.call('SET', keys.token, token, 'PX', ${REMEMBERED_MS})
  return token
end
`
