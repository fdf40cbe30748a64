import { script } from '../script.ts'
import { attempt } from './parts/attempt.ts'
import { forEach } from './parts/for-each.ts'
import { hearing } from './parts/hearing.ts'
import { keep } from './parts/keep.ts'

/**
 * What `join` does, for several who have nothing to do with each other. Keys: of every lock. Arguments: namespace; and of each, what `join` takes after that. Answers for each as `join` does, or why
 * it failed.
 */
export const joinEach = script(`${keep}${attempt}${hearing}
local function join(keys, holder, ttl, metadata, process)
  local answer = attempt(keys, ARGV[1], holder, ttl, metadata)
  if not is_contended(answer) then return answer end
  stand(keys, holder, ttl, metadata, process)
  return answer .. ' ' .. hearing(keys, ARGV[1], process)
end
${forEach('join', 4)}`)
