import type { RenewedClaim } from '@leasehold/core'
import { type ScriptArgument, script } from '../../script.ts'
import { keep } from '../parts/keep.ts'
import { line } from '../parts/line.ts'
import { shares } from '../parts/shares.ts'

/**
 * As `renew`, of shares. Keys: holds. Arguments: the holder of each, and its TTL. Answers token, time and slots, or nothing for one that is gone. The hold lives on before the share does: out of memory,
 * what follows a write goes well.
 */
export const renewShares = script(`${keep}${line}${shares}
local answers = {}
for index, key in ipairs(KEYS) do
  local keys, holder, ttl = { hold = key }, ARGV[index * 2 - 1], ARGV[index * 2]
  local ends, token, _, slots, rest = read(redis.call('HGET', key, holder) or '')
  answers[index] = ''
  if ends and ends > present then
    lengthen(keys, ttl)
    redis.call('HSET', key, holder, digits(math.max(ends, present + ttl)) .. ' ' .. token .. ' 0 ' .. slots .. rest)
    answers[index] = token .. ' ' .. ttl .. ' ' .. slots
  end
end
return answers
`)

export const renewShareArguments = (renewals: readonly RenewedClaim[]): ScriptArgument[] =>
  renewals.flatMap(({ holder, ttlMs }) => [holder, ttlMs])
