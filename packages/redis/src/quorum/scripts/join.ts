import { script } from '../../script.ts'
import { line } from './parts/line.ts'

/** A place in line, kept when repeated. Keys: of one lock. Arguments: holder, process, namespace. Answers for how long the key is kept for another, 0 where it can be had; and how many listen where that process is told. */
export const join = script(`${line}
local keys = keys_of(1)
stand(keys, ARGV[1], ARGV[2])
local kept = redis.call('HMGET', keys.hold, 'holder', 'turn')
local other = kept[1] or kept[2]
return { other and other ~= ARGV[1] and remaining(keys) or 0, listeners(ARGV[3], ARGV[2]) }
`)
