import { keep } from './keep.ts'
import { line } from './line.ts'
import { shares } from './shares.ts'

/**
 * One attempt for a share. Granted, now or before: token, time, slots or `-`. Contended: as in `attempt`. A claim that has its share is told what it has; one that was granted its turn and asks itself
 * has confirmed it: it gets the time it asked for.
 */
export const attemptShare = `${keep}${line}${shares}
-- Written in any case: WAIT covers what its own connection wrote. Told is no more than was asked for, as by a renewal.
local function confirm(keys, holder, asked, ends, token, unconfirmed, slots, rest)
  local time = ends - present
  if unconfirmed == '1' then time = math.max(time, asked) end
  lengthen(keys, time)
  redis.call('HSET', keys.hold, holder, digits(present + time) .. ' ' .. token .. ' 0 ' .. slots .. rest)
  return token .. ' ' .. digits(math.min(time, asked)) .. ' ' .. slots
end

local function attempt(keys, namespace, holder, ttl, metadata, kind, take, of)
  local held = shares_of(keys, holder)
  local ends = read(held.own)
  if ends and ends > present then return confirm(keys, holder, tonumber(ttl), read(held.own)) end
  local open, is_first = advance(keys, held, namespace, holder)
  local slots = open and fit(held, kind, take, of)
  if not slots then return ' ' .. left(keys, held) .. ' ' .. now_ms end
  local token = keep_share(keys, held, holder, ttl, metadata, kind, of, slots, '0')
  if is_first then
    drop_first(keys, holder)
    -- Those behind it, if they fit. That they cannot be asked does not undo the grant.
    pcall(advance, keys, held, namespace)
  end
  return token .. ' ' .. ttl .. ' ' .. slots
end
`
