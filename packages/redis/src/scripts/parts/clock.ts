/** The server's clock, as numbers. Microseconds since 1970 are exact in a Lua number until the year 2255; `..` would print 14 digits of them. */
export const clock = `
local function now_us()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function now_ms()
  return math.floor(now_us() / 1000)
end
`
