import { script } from '../script.ts'
import { attempt } from './parts/attempt.ts'
import { failed } from './parts/failed.ts'
import { keep } from './parts/keep.ts'

/**
 * What `acquire` does, for several who have nothing to do with each other. Keys: of every lock. Arguments: namespace; and of each, holder, TTL, metadata. Answers for each as `acquire` does, or why it failed.
 * What takes free keys stands before what the others need, since to define a function costs at every run.
 */
export const acquireEach = script(`${keep}${failed}
local answers, others = {}, {}
for each = 1, #KEYS / 4 do
  local key, first = each * 4 - 3, each * 3 - 1
  if redis.call('EXISTS', KEYS[key], KEYS[key + 2]) == 0 then
    local sound, answer = pcall(keep, KEYS[key], KEYS[key + 1], clock(), ARGV[first], ARGV[first + 1], ARGV[first + 2])
    answers[each] = sound and answer or failed(answer)
  else
    others[#others + 1] = each
  end
end
if #others == 0 then return answers end
${attempt}
for _, each in ipairs(others) do
  local first = each * 3 - 1
  local sound, answer = pcall(attempt, keys_of(each * 4 - 3), ARGV[1], ARGV[first], ARGV[first + 1], ARGV[first + 2])
  answers[each] = sound and answer or failed(answer)
end
return answers
`)
