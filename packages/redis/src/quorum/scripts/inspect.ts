import { script } from '../../script.ts'
import { clock } from '../../scripts/parts/clock.ts'

/** Keys: a hold. Answers of the whole key token, time and metadata; of each share of it the same, and its kind. */
export const inspect = script(`${clock}
local held = redis.call('HMGET', KEYS[1], 'token', 'metadata', 'holder')
if held[1] then return { { held[1], math.max(redis.call('PTTL', KEYS[1]), 1), held[2] } } end
local shown = {}
if held[3] ~= 'shared' then return shown end
local now = now_ms()
local all = redis.call('HGETALL', KEYS[1])
for index = 2, #all, 2 do
  local ends, token, metadata = string.match(all[index], '^(%d+) (%d+) %d+ (.*)$')
  if ends and tonumber(ends) > now then shown[#shown + 1] = { token, ends - now, metadata, 'shared' } end
end
return shown
`)
