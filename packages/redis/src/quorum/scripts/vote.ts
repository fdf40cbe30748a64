import { script } from '../../script.ts'
import { WAITER_LIFE_MS } from '../waiting-times.ts'
import { keeping } from './parts/keeping.ts'

/**
 * Keys: of one lock. Arguments: holder, TTL, metadata, attempt, proposed token, 1 to raise. Answers 1, token, time, clock, and 1 if the claim has kept that token; or 0, rank of who has the key or the next turn, time, clock.
 */
export const vote = script(`${keeping}
local keys = keys_of(1)
local holder, ttl, metadata, attempt, proposal = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local clock = digits(now_us())
local kept = redis.call('HMGET', keys.hold, 'holder', 'token', 'turn', 'attempt')
if kept[1] == holder then
  local token = tonumber(kept[2])
  if tonumber(attempt) < tonumber(kept[4]) then attempt = kept[4] end
  if ARGV[6] == '1' and proposal > token then
    keep(keys, holder, proposal, ttl, metadata, attempt)
    return { 1, digits(proposal), tonumber(ttl), clock, 0 }
  end
  if attempt ~= kept[4] then redis.call('HSET', keys.hold, 'attempt', attempt) end
  return { 1, digits(token), math.min(remaining(keys), tonumber(ttl)), clock, 1 - tonumber(ARGV[6]) }
end
local other = kept[1] or kept[3]
if other and other ~= holder then return { 0, rank_of(other), remaining(keys), clock } end
local token = math.max(proposal, last_token(keys) + 1)
keep(keys, holder, token, ttl, metadata, attempt)
-- Its place in line, which keeps out those who want a share, must not outlive the hold of a process that dies.
if tonumber(ttl) < ${WAITER_LIFE_MS} then
  local place = redis.call('HGET', keys.waiters, holder)
  if place then redis.call('HSET', keys.waiters, holder, digits(now_ms() + ttl) .. string.match(place, ' .*')) end
end
return { 1, digits(token), tonumber(ttl), clock, 0 }
`)
