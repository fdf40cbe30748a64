import { script } from '../script.ts'
import { attempt } from './parts/attempt.ts'
import { keep } from './parts/keep.ts'

/**
 * Keys: of every lock. Arguments: namespace, TTL, metadata, holders. Answers as an attempt does: a grant for each, or the longest refusal. Nothing is taken before it is
 * certain that everything can be. A free key that others wait for goes to them.
 */
export const acquireAll = script(`${keep}${attempt}
local longest = 0
for index = 4, #ARGV do
  local keys = keys_of((index - 4) * 4 + 1)
  local held = redis.call('HMGET', keys.hold, 'holder', 'token')
  local free, more
  -- Only shares have no token.
  if not held[1] then free, more = pass_on(keys, ARGV[1], ARGV[index])
  elseif not held[2] then free, more = let_in(keys, ARGV[1], ARGV[index]) end
  if not free and held[1] ~= ARGV[index] then
    longest = math.max(longest, more or remaining(keys))
  end
end
if longest > 0 then return { contended(longest) } end

local answers = {}
for index = 4, #ARGV do
  answers[index - 3] = attempt(keys_of((index - 4) * 4 + 1), ARGV[1], ARGV[index], ARGV[2], ARGV[3])
end
return answers
`)
