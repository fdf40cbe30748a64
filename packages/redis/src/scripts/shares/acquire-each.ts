import { script } from '../../script.ts'
import { attemptShare } from '../parts/attempt-share.ts'
import { failed } from '../parts/failed.ts'

/** As `acquireEach`, of shares. Keys: of every lock. Arguments: namespace; and of each, what `acquireShare` takes after that. */
export const acquireShareOfEach = script(`${attemptShare}${failed}
local answers = {}
for each = 1, #KEYS / 4 do
  local last = each * 6 + 1
  local sound, answer = pcall(attempt, keys_of(each * 4 - 3), ARGV[1], unpack(ARGV, last - 5, last))
  answers[each] = sound and answer or failed(answer)
end
return answers
`)
