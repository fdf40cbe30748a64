import { script } from '../../script.ts'
import { attemptShare } from '../parts/attempt-share.ts'
import { forEach } from '../parts/for-each.ts'
import { hearing } from '../parts/hearing.ts'

/** As `joinEach`, of shares. Keys: of every lock. Arguments: namespace; and of each, what `joinShare` takes after that. */
export const joinShareOfEach = script(`${attemptShare}${hearing}
local function join(keys, holder, ttl, metadata, kind, take, of, process)
  local answer = attempt(keys, ARGV[1], holder, ttl, metadata, kind, take, of)
  if string.sub(answer, 1, 1) ~= ' ' then return answer end
  stand(keys, holder, ttl, metadata, process, kind .. ' ' .. take .. ' ' .. of .. ' ')
  return answer .. ' ' .. hearing(keys, ARGV[1], process)
end
${forEach('join', 7)}`)
