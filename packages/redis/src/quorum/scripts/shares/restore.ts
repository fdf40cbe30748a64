import { script } from '../../../script.ts'
import { LAST_ATTEMPT } from '../../node.ts'
import { keeping } from '../parts/keeping.ts'
import { shares } from '../parts/shares.ts'

/** As `restore`, of shares: beside others that are kept here. Who stands in line has not been overtaken: a majority has kept them all the time. */
export const restoreShares = script(`${keeping}${shares}
for index = 1, #KEYS, 2 do
  local keys = keys_of(index)
  local first = (index - 1) / 2 * 3 + 1
  local holder, ttl, token = ARGV[first], tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
  local held = look(keys, holder)
  if (held.holder or held.turn or 'shared') == 'shared' then
    remember(keys, math.max(tonumber(redis.call('GET', keys.token) or '0'), token))
    if held.token then
      redis.call('HSET', keys.hold, holder, written(held.ends, token, ${LAST_ATTEMPT}, held.metadata))
    else
      keep_share(keys, held, holder, ttl, token, ${LAST_ATTEMPT}, '')
    end
  end
end
`)
