import { script } from '../script.ts'
import { keep } from './parts/keep.ts'
import { queue } from './parts/queue.ts'
import { shares } from './parts/shares.ts'

/** For so long a holder can learn why its hold was ended. */
const TOLD_MS = 60 * 60 * 1000

/**
 * Ends the hold of the whole key, or all shares, and passes the key on. Keys: of one lock, and why holds of it were ended. Arguments: namespace, reason. Answers how many holds it ended. The hold goes
 * first: out of memory, what follows a write of a script is not refused.
 */
export const forceRelease = script(`${keep}${queue}${shares}
local keys, forced = keys_of(1), KEYS[5]
local held = shares_of(keys)
if not held.kind then return 0 end
local ended = { held.kind }
if held.next then
  ended = {}
  local all = redis.call('HGETALL', keys.hold)
  for index = 1, #all, 2 do
    if read(all[index + 1]) then ended[#ended + 1] = all[index] end
  end
end
redis.call('DEL', keys.hold)

local told = redis.call('HGETALL', forced)
for index = 1, #told, 2 do
  if tonumber(string.match(told[index + 1], '^%d+')) <= present then redis.call('HDEL', forced, told[index]) end
end
for _, holder in ipairs(ended) do
  redis.call('HSET', forced, holder, digits(present + ${TOLD_MS}) .. ' ' .. ARGV[2])
end
redis.call('PEXPIRE', forced, '${TOLD_MS}')
-- Out of memory, nobody can be given anything. That does not undo what was ended: who waits asks again.
pcall(pass_on, keys, ARGV[1])
return #ended
`)
