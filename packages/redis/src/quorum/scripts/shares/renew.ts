import type { RenewedClaim } from '@leasehold/core'
import { type ScriptArgument, script } from '../../../script.ts'
import { keeping } from '../parts/keeping.ts'
import { shares } from '../parts/shares.ts'

/**
 * Keys: holds. Arguments: the holder of each share, and its TTL. Answers token and time, or an empty token for one that is gone. The hold lives on before the share does: out of
 * memory, what follows a write goes well. Told is what was asked for, as by the renewal of a whole key.
 */
export const renewShares = script(`${keeping}${shares}
local answers = {}
for index, hold in ipairs(KEYS) do
  local holder, ttl = ARGV[index * 2 - 1], tonumber(ARGV[index * 2])
  local held = look({ hold = hold }, holder)
  answers[index] = { '', 0 }
  if held.token then
    local ends = math.max(held.ends, present + ttl)
    local share = written(ends, held.token, held.attempt, held.metadata)
    lengthen(hold, ttl)
    redis.call('HSET', hold, 'last', digits(math.max(held.last, ends)), holder, share)
    answers[index] = { digits(held.token), ttl }
  end
end
return answers
`)

export const renewShareArguments = (renewals: readonly RenewedClaim[]): ScriptArgument[] =>
  renewals.flatMap(({ holder, ttlMs }) => [holder, ttlMs])
