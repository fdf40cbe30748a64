import type { RenewedClaim } from '@leasehold/core'
import { type ScriptArgument, script } from '../script.ts'

/**
 * PEXPIRE alone: it works out of memory, too. Keys: holds. Arguments: the holder of each, and its TTL. Answers token and time, or an empty token for one that is gone. Told is
 * what was asked for, although more may be left: after the clock was set back, whoever trusted that would not look again for long, and it is gone when the clock is right again.
 */
export const renew = script(`
local answers = {}
for index, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'holder', 'token')
  if held[1] == ARGV[index * 2 - 1] then
    local ttl = tonumber(ARGV[index * 2])
    redis.call('PEXPIRE', key, string.format('%.0f', math.max(redis.call('PTTL', key), ttl)))
    answers[index] = { held[2], ttl }
  else
    answers[index] = { '', 0 }
  end
end
return answers
`)

export const renewArguments = (renewals: readonly RenewedClaim[]): ScriptArgument[] =>
  renewals.flatMap(({ holder, ttlMs }) => [holder, ttlMs])
