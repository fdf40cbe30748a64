import type { RenewedClaim } from '@leasehold/core'
import { type ScriptArgument, script } from '../script.ts'

/**
 * PEXPIRE alone, mostly: it works out of memory, too. Keys: holds. Arguments: the holder of each, its TTL, and the token that is to be its from now on, if that is one of the ten
 * that were granted together. Answers token and time, or an empty token for one that is gone. Told is
 * what was asked for, although more may be left: after the clock was set back, whoever trusted that would not look again for long, and it is gone when the clock is right again.
 */
export const renew = script(`
local answers = {}
for index, key in ipairs(KEYS) do
  local held = redis.pcall('HMGET', key, 'holder', 'token')
  -- Where somebody else keeps something under the name, the hold is gone, and the other holds are not.
  if held.err and not string.find(held.err, 'WRONGTYPE', 1, true) then return held end
  local first = index * 3 - 2
  if held[1] == ARGV[first] then
    local ttl, token = tonumber(ARGV[first + 1]), ARGV[first + 2]
    if token ~= '' and token > held[2] and string.sub(token, 1, -2) == string.sub(held[2], 1, -2) then
      -- Out of memory, only inspect is behind.
      redis.pcall('HSET', key, 'token', token)
      held[2] = token
    end
    redis.call('PEXPIRE', key, string.format('%.0f', math.max(redis.call('PTTL', key), ttl)))
    answers[index] = { held[2], ttl }
  else
    answers[index] = { '', 0 }
  end
end
return answers
`)

export const renewArguments = (renewals: readonly RenewedClaim[]): ScriptArgument[] =>
  renewals.flatMap(({ holder, ttlMs, fencingToken = '' }) => [holder, ttlMs, String(fencingToken)])
