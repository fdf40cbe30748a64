import { script } from '../../../script.ts'
import { line } from '../parts/line.ts'
import { precedence } from '../parts/precedence.ts'

/** As `join`, for a share. Also answers for how long somebody who stands before it counts as alive. */
export const joinForShare = script(`${line}${precedence}
local keys = keys_of(1)
stand(keys, ARGV[1], ARGV[2], 'shared')
local kept = redis.call('HMGET', keys.hold, 'holder', 'turn')
local _, left = obstacle(keys, kept[1] or kept[2], ARGV[1])
return { left or 0, listeners(ARGV[3], ARGV[2]) }
`)
