import { script } from '../../script.ts'
import { line } from './parts/line.ts'

/** A place in line, kept when repeated. Keys: of one lock. Arguments: holder, process. Answers for how long the key is kept for another; 0: it can be had. */
export const join = script(`${line}
local keys = keys_of(1)
stand(keys, ARGV[1], ARGV[2])
local kept = redis.call('HMGET', keys.hold, 'holder', 'turn')
local other = kept[1] or kept[2]
if other and other ~= ARGV[1] then return remaining(keys) end
return 0
`)
