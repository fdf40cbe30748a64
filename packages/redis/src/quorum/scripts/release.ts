import { script } from '../../script.ts'
import { line } from './parts/line.ts'

/** Ends a hold or a turn, and a place in line; calls up the next. Keys: of one lock. Arguments: namespace, holder. Answers whether it was a hold. */
export const release = script(`${line}
local keys = keys_of(1)
local kept = redis.call('HMGET', keys.hold, 'holder', 'turn')
local released = kept[1] == ARGV[2]
leave(keys, ARGV[2])
if released or kept[2] == ARGV[2] then
  redis.call('DEL', keys.hold)
  -- Out of memory, nobody can be called up. That does not undo the release: who waits looks again.
  pcall(call_next, keys, ARGV[1])
end
return released and 1 or 0
`)
