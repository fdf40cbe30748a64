import { script } from '../../script.ts'
import { endOpen } from '../parts/end-open.ts'
import { failed } from '../parts/failed.ts'
import { keep } from '../parts/keep.ts'
import { line } from '../parts/line.ts'
import { shares } from '../parts/shares.ts'

/** Ends shares, or places in line, and lets in who waits. Keys: of every lock. Arguments: namespace, holders. Answers for each 1 where there was a share, or 0, or why it failed. */
export const releaseShares = script(`${endOpen}${keep}${line}${shares}${failed}
local function release(keys, claim)
  local held = shares_of(keys, claim)
  local ends, _, _, slots = read(held.own)
  local released = ends and ends > present
  if released then end_share(keys, held, claim, slots) else leave(keys, claim) end
  -- Out of memory, nobody can be given anything. That does not undo the release: who waits asks again.
  pcall(advance, keys, held, ARGV[1])
  return released and 1 or 0
end

local answers = {}
for index = 2, #ARGV do
  local sound, answer = pcall(release, keys_of((index - 2) * 4 + 1), ARGV[index])
  answers[index - 1] = sound and answer or failed(answer)
end
return answers
`)

/** Ends a share and does nothing more, as `releaseHold` does. Keys: a hold. Arguments: holder. */
export const releaseShareHold = script(`${keep}${line}${shares}
local keys = keys_of(1)
local held = shares_of(keys, ARGV[1])
local ends, _, _, slots = read(held.own)
if not ends or ends <= present then return 0 end
end_share(keys, held, ARGV[1], slots)
return 1
`)
