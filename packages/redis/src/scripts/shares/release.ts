import { script } from '../../script.ts'
import { endOpen } from '../parts/end-open.ts'
import { forEach } from '../parts/for-each.ts'
import { keep } from '../parts/keep.ts'
import { line } from '../parts/line.ts'
import { shares } from '../parts/shares.ts'

/** Ends shares, or places in line, and lets in who waits. Keys: of every lock. Arguments: namespace, holders. Answers for each 1 where there was a share, or 0, or why it failed. */
export const releaseShares = script(`${endOpen}${keep}${line}${shares}
local function release(keys, claim)
  local held = shares_of(keys, claim)
  local ends, _, _, slots = read(held.own)
  local released = ends and ends > present
  if released then end_share(keys, held, claim, slots) else leave(keys, claim) end
  -- Out of memory, nobody can be given anything. That does not undo the release: who waits asks again.
  pcall(advance, keys, held, ARGV[1])
  return released and 1 or 0
end
${forEach('release', 1)}`)

/** Ends a share and does nothing more, as `releaseHold` does. Keys: a hold. Arguments: holder. */
export const releaseShareHold = script(`${keep}${line}${shares}
local keys = keys_of(1)
local held = shares_of(keys, ARGV[1])
local ends, _, _, slots = read(held.own)
if not ends or ends <= present then return 0 end
end_share(keys, held, ARGV[1], slots)
return 1
`)
