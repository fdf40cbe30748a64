import { script } from '../../script.ts'
import { LAST_ATTEMPT } from '../node.ts'
import { keeping } from './parts/keeping.ts'

/** Keys: hold and token of every lock. Arguments: holder, TTL and token of each. The last token never goes back. */
export const restore = script(`${keeping}
for index = 1, #KEYS, 2 do
  local keys = keys_of(index)
  local first = (index - 1) / 2 * 3 + 1
  local holder, ttl, token = ARGV[first], ARGV[first + 1], tonumber(ARGV[first + 2])
  local kept = redis.call('HGET', keys.hold, 'holder')
  if kept == holder or redis.call('EXISTS', keys.hold) == 0 then
    local last = tonumber(redis.call('GET', keys.token) or '0')
    if kept then redis.call('HSET', keys.hold, 'token', digits(token), 'attempt', '${LAST_ATTEMPT}')
    else keep(keys, holder, token, ttl, '', '${LAST_ATTEMPT}') end
    remember(keys, math.max(last, token))
  end
end
`)
