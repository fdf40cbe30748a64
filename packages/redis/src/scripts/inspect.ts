import { script } from '../script.ts'

/** Keys: a hold. Answers token, time and metadata; of shares, their kind, and of each its time, token, slots, of how many, metadata; nothing if the key is free. */
export const inspect = script(`
local held = redis.call('HMGET', KEYS[1], 'token', 'metadata', 'holder')
if held[1] then return { held[1], math.max(redis.call('PTTL', KEYS[1]), 1), held[2] } end
if not held[3] then return false end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local shown = { held[3] }
local all = redis.call('HGETALL', KEYS[1])
for index = 2, #all, 2 do
  local ends, token, slots, of, metadata = string.match(all[index], '^(%d+) (%d+) [01] (%S+) (%d+) (.*)$')
  if ends and tonumber(ends) > now then shown[#shown + 1] = { ends - now, token, slots, of, metadata } end
end
return shown
`)
