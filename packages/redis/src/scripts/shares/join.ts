import { script } from '../../script.ts'
import { attemptShare } from '../parts/attempt-share.ts'

/** Takes a share, or a place in line for it; repeated, it keeps the place. Keys: of one lock. Arguments: as for `acquireShare`, and process. Answers as `join` does. */
export const joinShare = script(`${attemptShare}
local keys = keys_of(1)
local answer = attempt(keys, unpack(ARGV, 1, 7))
if string.sub(answer, 1, 1) ~= ' ' then return answer end
stand(keys, ARGV[2], ARGV[3], ARGV[4], ARGV[8], ARGV[5] .. ' ' .. ARGV[6] .. ' ' .. ARGV[7] .. ' ')
return answer .. ' ' .. listeners(channel_of(keys, ARGV[1], ARGV[8]))
`)
