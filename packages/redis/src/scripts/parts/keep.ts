/**
 * Makes the clock, in `token`, the next token, where `last_token` names the last one of all keys of the partition: one for many is as strictly increasing for each, and is remembered for ever. The token is
 * written before it is known whether the last one is less: that is so but for a clock that was set back, or for many grants within ten microseconds. By GETSET, which every version has: SET with GET came with
 * 6.2.
 */
export const drawToken = `
  token = string.sub(token, 1, -2) .. '0'
  local last = redis.call('GETSET', last_token, token)
  if last and not (#last == #token and last < token) then
    token = string.format('%.0f', math.max(tonumber(string.sub(last, 1, -2) .. '0') + 10, tonumber(token)))
    redis.call('SET', last_token, token)
  end
`

/**
 * Keeps a free key for a claim. That is all which most scripts need, and stands before what they do otherwise: to define a function costs at every run.
 *
 * A token is the microseconds since 1970, as digits: seconds and microseconds side by side. As a Lua number it is exact until the year 2255, but for `..`, which
 * would print 14 digits of it. Numbers that do not change are written as text, and tokens compared as such: to make one of the other takes longer than a step at the server.
 * The last digit is 0: with those that end with 1 to 9, the holder's process goes on by itself, and the next grant is another ten.
 */
export const keep = `
local function clock()
  local time = redis.call('TIME')
  return time[1] .. string.sub('00000' .. time[2], -6)
end

-- A user who may not run PEXPIRE must not leave a hold that never ends.
local function keep(hold, last_token, token, holder, ttl, metadata, ...)
${drawToken}
  redis.call('HSET', hold, 'holder', holder, 'token', token, 'metadata', metadata, ...)
  local sound, refusal = pcall(redis.call, 'PEXPIRE', hold, ttl)
  if sound then return token end
  redis.call('DEL', hold)
  error(refusal, 0)
end
`
