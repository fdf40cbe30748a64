import { script } from '../script.ts'
import { attempt } from './parts/attempt.ts'
import { takeFree } from './parts/take-free.ts'

/** Takes the key, or a place in line for it; repeated, it keeps the place. Keys: of one lock. Arguments: namespace, holder, TTL, metadata, process. A refusal goes on with how many listen where that one is told. */
export const join = script(`${takeFree}${attempt}
local keys = keys_of(1)
local answer = attempt(keys, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
if not is_contended(answer) then return answer end
stand(keys, ARGV[2], ARGV[3], ARGV[4], ARGV[5])
return answer .. ' ' .. listeners(channel_of(keys, ARGV[1], ARGV[5]))
`)
