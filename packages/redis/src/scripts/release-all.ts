import { script } from '../script.ts'
import { forEach } from './parts/for-each.ts'
import { keep } from './parts/keep.ts'
import { areShares, queue } from './parts/queue.ts'

/** What `release` does, for many who have nothing to do with each other. Keys: of every lock. Arguments: namespace, holders. Answers for each 1 where there was a hold, or 0, or why it failed. */
export const releaseAll = script(`${keep}${queue}
local function release(keys, claim)
  local holder = redis.call('HGET', keys.hold, 'holder')
  local released = holder == claim
  if released then redis.call('DEL', keys.hold) else leave(keys, claim) end
  -- Out of memory, nobody can be given anything. That does not undo the release: who waits asks again.
  if redis.call('EXISTS', keys.queue) == 1 then
    if released or not holder then pcall(pass_on, keys, ARGV[1])
    elseif ${areShares} then pcall(let_in, keys, ARGV[1]) end
  end
  return released and 1 or 0
end
${forEach('release', 1)}`)
