import { script } from '../../../script.ts'
import { line } from '../parts/line.ts'
import { shares } from '../parts/shares.ts'

/** As `release`, of shares. A turn is kept for all who want one: who leaves may have been the last of those. */
export const releaseShares = script(`${line}${shares}
local answers = {}
for index = 2, #ARGV do
  local keys = keys_of((index - 2) * 4 + 1)
  local holder = ARGV[index]
  local held = look(keys, holder)
  leave(keys, holder)
  local others = held.token and end_share(keys, held, holder)
  if held.turn == 'shared' then redis.call('DEL', keys.hold) end
  -- Out of memory, nobody can be called up. That does not undo the release: who waits looks again.
  if held.token or held.turn == 'shared' then pcall(call_next, keys, ARGV[1], others) end
  answers[index - 1] = held.token and 1 or 0
end
return answers
`)
