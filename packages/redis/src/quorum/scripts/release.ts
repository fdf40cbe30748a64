import { script } from '../../script.ts'
import { line } from './parts/line.ts'

/** Ends holds or turns, and places in line; calls up the next. Keys: of every lock. Arguments: namespace, holders. Answers for each 1 if it was a hold, or 0. */
export const release = script(`${line}
local answers = {}
for index = 2, #ARGV do
  local keys = keys_of((index - 2) * 4 + 1)
  local holder = ARGV[index]
  local kept = redis.call('HMGET', keys.hold, 'holder', 'turn')
  local released = kept[1] == holder
  leave(keys, holder)
  if released or kept[2] == holder then
    redis.call('DEL', keys.hold)
    -- Out of memory, nobody can be called up. That does not undo the release: who waits looks again.
    pcall(call_next, keys, ARGV[1])
  elseif kept[1] == 'shared' then
    -- Those who stood behind it may share the key with those who have it.
    pcall(call_next, keys, ARGV[1], true)
  end
  answers[index - 1] = released and 1 or 0
end
return answers
`)
