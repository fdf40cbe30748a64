import { script } from '../../script.ts'
import { keep } from '../parts/keep.ts'
import { line } from '../parts/line.ts'
import { shares } from '../parts/shares.ts'

/**
 * As `renew`, of shares. Keys: holds. Arguments: the holder of each, its TTL, and the token that is to be its from now on, if that is one of its ten. Answers token, time and slots, or nothing for one
 * that is gone. The hold lives on before the share does: out of memory, what follows a write goes well.
 */
export const renewShares = script(`${keep}${line}${shares}
local answers = {}
for index, key in ipairs(KEYS) do
  local keys, first = { hold = key }, index * 3 - 2
  local holder, ttl, wanted = ARGV[first], ARGV[first + 1], ARGV[first + 2]
  local kept = redis.pcall('HGET', key, holder) or ''
  -- As in renew: what stands there is no share.
  if type(kept) == 'table' then
    if not string.find(kept.err, 'WRONGTYPE', 1, true) then return kept end
    kept = ''
  end
  local ends, token, _, slots, rest = read(kept)
  answers[index] = ''
  if ends and ends > present then
    lengthen(keys, ttl)
    if wanted > token and string.sub(wanted, 1, -2) == string.sub(token, 1, -2) then token = wanted end
    redis.call('HSET', key, holder, digits(math.max(ends, present + ttl)) .. ' ' .. token .. ' 0 ' .. slots .. rest)
    answers[index] = token .. ' ' .. ttl .. ' ' .. slots
  end
end
return answers
`)
