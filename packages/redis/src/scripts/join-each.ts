import { script } from '../script.ts'
import { attempt } from './parts/attempt.ts'
import { failed } from './parts/failed.ts'
import { hearing } from './parts/hearing.ts'
import { keep } from './parts/keep.ts'

/**
 * What `join` does, for several who have nothing to do with each other. Keys: of every lock. Arguments: namespace; and of each, what `join` takes after that. Answers for each as `join` does, or why
 * it failed.
 */
export const joinEach = script(`${keep}${attempt}${hearing}${failed}
local function join(keys, holder, ttl, metadata, process)
  local answer = attempt(keys, ARGV[1], holder, ttl, metadata)
  if not is_contended(answer) then return answer end
  stand(keys, holder, ttl, metadata, process)
  return answer .. ' ' .. hearing(keys, ARGV[1], process)
end

local answers = {}
for each = 1, #KEYS / 4 do
  local last = each * 4 + 1
  local sound, answer = pcall(join, keys_of(each * 4 - 3), unpack(ARGV, last - 3, last))
  answers[each] = sound and answer or failed(answer)
end
return answers
`)
