import { script } from '../../../script.ts'
import { line } from '../parts/line.ts'
import { precedence } from '../parts/precedence.ts'
import { shares } from '../parts/shares.ts'

/**
 * As `vote`, for a share. Others may have theirs under greater tokens by now, so that one which is raised has to be above all, as a new one has. No rank: somebody stands in line before this
 * claim, against whom nobody insists.
 */
export const voteForShare = script(`${line}${precedence}${shares}
local keys, holder = keys_of(1), ARGV[1]
local ttl, metadata, attempt, proposal, raise = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local clock = digits(now_us())
local held = look(keys, holder)

local function take_in()
  local token = math.max(proposal, last_token(keys) + 1)
  remember(keys, token)
  keep_share(keys, held, holder, ttl, token, attempt, metadata)
  return { 1, digits(token), ttl, clock, 0 }
end

if held.token then
  attempt = math.max(attempt, held.attempt)
  if raise and proposal > held.token then return take_in() end
  if attempt > held.attempt then
    redis.call('HSET', keys.hold, holder, written(held.ends, held.token, attempt, held.metadata))
  end
  return { 1, digits(held.token), math.min(held.ends - present, ttl), clock, raise and 0 or 1 }
end
local rank, left = obstacle(keys, held.holder or held.turn, holder)
if rank then return { 0, rank, left, clock } end
return take_in()
`)
