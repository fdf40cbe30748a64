import { script } from '../script.ts'
import { keep } from './parts/keep.ts'
import { areShares, queue } from './parts/queue.ts'

/** What `release` does, for many. Keys: of every lock. Arguments: namespace, holders. Answers for each 1 where there was a hold, or 0. */
export const releaseAll = script(`${keep}${queue}
local answers = {}
for index = 2, #ARGV do
  local keys = keys_of((index - 2) * 4 + 1)
  local holder = redis.call('HGET', keys.hold, 'holder')
  local released = holder == ARGV[index]
  if released then redis.call('DEL', keys.hold) else leave(keys, ARGV[index]) end
  -- Out of memory, nobody can be given anything. That does not undo the release: who waits asks again.
  if redis.call('EXISTS', keys.queue) == 1 then
    if released or not holder then pcall(pass_on, keys, ARGV[1])
    elseif ${areShares} then pcall(let_in, keys, ARGV[1]) end
  end
  answers[index - 1] = released and 1 or 0
end
return answers
`)
