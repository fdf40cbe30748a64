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
  local holder = redis.call('HGET', keys.hold, 'holder')
  local free = not holder and pass_on(keys, ARGV[1], ARGV[index])
  if not free and holder ~= ARGV[index] then
    longest = math.max(longest, remaining(keys))
  end
end
if longest > 0 then return { contended(longest) } end

local answers = {}
for index = 4, #ARGV do
  answers[index - 3] = attempt(keys_of((index - 4) * 4 + 1), ARGV[1], ARGV[index], ARGV[2], ARGV[3])
end
return answers
`)
