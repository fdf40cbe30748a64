import { CLAIM_WINDOW_MS } from '../../waiting-times.ts'
import { drawToken } from './keep.ts'
import { offerFirst } from './line.ts'

/** What a hold of shares has beside the shares. */
export const OTHER_FIELDS = 3

/**
 * Keys of which several have a share. Their hold has the kind for a holder, which is nobody's, and no token: to who wants all of it, it is held by somebody else. Beside that `next`, before which
 * no share ends; `slots`, a digit for each, 1 if it is taken; and under each holder its share: until when, token, 1 if it is not confirmed, slots or `-`, of how many,
 * metadata. All of it in one hash, so that a renewal names one key. It expires not before the last of them, and those that have ended are swept out by whoever looks: they never count.
 *
 * After `line`.
 */
export const shares = `
local present = tonumber(now_ms)

local function digits(number)
  return string.format('%.0f', number)
end

local function read(share)
  local ends, token, unconfirmed, slots, rest = string.match(share, '^(%d+) (%d+) ([01]) (%S+)( .*)$')
  return tonumber(ends), token, unconfirmed, slots, rest
end

-- What follows a write of a script is not refused out of memory.
local function lengthen(keys, ttl)
  redis.call('PEXPIRE', keys.hold, digits(math.max(redis.call('PTTL', keys.hold), tonumber(ttl))))
end

-- Puts a sign in the place of each of these slots, which ascend.
local function mark(slots, marked, sign)
  local last = string.match(marked, '%d+$') or 0
  slots = slots .. string.rep('0', last - #slots)
  local pieces, from = {}, 1
  for slot in string.gmatch(marked, '%d+') do
    pieces[#pieces + 1] = string.sub(slots, from, slot) .. sign
    from = slot + 2
  end
  pieces[#pieces + 1] = string.sub(slots, from)
  return table.concat(pieces)
end

local function set_free(keys, held)
  redis.call('DEL', keys.hold)
  held.kind, held.next, held.slots = false, nil, ''
end

-- Ends what has expired. Out of memory, where nothing has, the next one looks again.
local function sweep(keys, held)
  local all = redis.call('HGETALL', keys.hold)
  local taken, length = {}, 0
  local next
  for index = 1, #all, 2 do
    local ends, _, _, slots = read(all[index + 1])
    if ends and ends <= present then
      redis.call('HDEL', keys.hold, all[index])
    elseif ends then
      next = math.min(next or ends, ends)
      for slot in string.gmatch(slots, '%d+') do
        length = math.max(length, slot + 1)
        taken[slot + 1] = '1'
      end
    end
  end
  if not next then return set_free(keys, held) end
  for slot = 1, length do taken[slot] = taken[slot] or '0' end
  held.next, held.slots = next, table.concat(taken, '', 1, length)
  redis.pcall('HSET', keys.hold, 'next', digits(next), 'slots', held.slots)
end

-- Who has the key: shares of a kind, one holder, or nobody; and the share of this holder.
local function shares_of(keys, holder)
  local fields = redis.call('HMGET', keys.hold, 'holder', 'next', 'slots', holder or '')
  local held = { kind = fields[1], next = tonumber(fields[2]), slots = fields[3] or '', own = fields[4] or '' }
  if held.next and held.next <= present then sweep(keys, held) end
  return held
end

-- Its slots, or '-' where it has none; nothing where it does not fit. The whole rule.
local function fit(held, kind, take, of)
  if held.kind and held.kind ~= kind then return nil end
  if kind ~= 'permits' then return '-' end
  local found, at = {}, 0
  for nth = 1, tonumber(take) do
    at = string.find(held.slots, '0', at + 1, true) or math.max(at, #held.slots) + 1
    if at > tonumber(of) then return nil end
    found[nth] = at - 1
  end
  return table.concat(found, ',')
end

-- A user who may not run PEXPIRE must not leave a hold that never ends.
local function keep_share(keys, held, holder, ttl, metadata, kind, of, slots, unconfirmed)
  local last_token, token = keys.token, now
${drawToken}
  local ends = present + ttl
  local next, taken = math.min(held.next or ends, ends), mark(held.slots, slots, '1')
  local share = digits(ends) .. ' ' .. token .. ' ' .. unconfirmed .. ' ' .. slots .. ' ' .. of .. ' ' .. metadata
  redis.call('HSET', keys.hold, 'holder', kind, 'next', digits(next), 'slots', taken, holder, share)
  local sound, refusal = pcall(lengthen, keys, ttl)
  if not sound then
    if held.kind then redis.call('HDEL', keys.hold, holder) else redis.call('DEL', keys.hold) end
    error(refusal, 0)
  end
  held.kind, held.next, held.slots = kind, next, taken
  return token
end

local function end_share(keys, held, holder, slots)
  if redis.call('HLEN', keys.hold) == ${OTHER_FIELDS + 1} then return set_free(keys, held) end
  redis.call('HDEL', keys.hold, holder)
  if slots == '-' then return end
  held.slots = mark(held.slots, slots, '0')
  redis.call('HSET', keys.hold, 'slots', held.slots)
end

-- Keeps a share for a waiter and tells its process. Answers whether it could.
local function offer_share(keys, held, namespace, holder, ttl, process, metadata, kind, of, slots)
  local unconfirmed = '0'
  if tonumber(ttl) > ${CLAIM_WINDOW_MS} then ttl, unconfirmed = '${CLAIM_WINDOW_MS}', '1' end
  local token = keep_share(keys, held, holder, ttl, metadata, kind, of, slots, unconfirmed)
  local news = holder .. ' ' .. token .. ' ' .. ttl .. ' ' .. now_ms .. ' ' .. slots
  local sound, told = pcall(tell, keys, namespace, process, news)
  if sound and told then return end
  end_share(keys, held, holder, slots)
  if not sound then error(told, 0) end
end

-- Grants to all at the head of the line who fit, in their order. Answers whether the claim that asks comes next, and whether that one is first in line.
local function advance(keys, held, namespace, asking)
  while true do
    local first = redis.call('LINDEX', keys.queue, 0)
    if not first then return true, false end
    if first == asking then return true, true end
    local entry = redis.call('HGET', keys.waiters, first) or '0 0 - '
    local kind, take, of, whole = string.match(entry, '^(%a+) (%d+) (%d+) (.*)$')
    local alive_until, ttl, process, metadata = string.match(whole or entry, '^(%d+) (%d+) (%S+) (.*)$')
    if tonumber(alive_until) > present then
      local slots = fit(held, kind, take, of)
      if not slots then return false end
      if kind then offer_share(keys, held, namespace, first, ttl, process, metadata, kind, of, slots)
      else
${offerFirst}
        if taken then held.kind = first end
      end
    end
    drop_first(keys, first)
  end
end

-- When the first of those who have the key may be gone. 0 is less than a millisecond, not nothing.
local function left(keys, held)
  return digits(math.max(held.next and held.next - present or redis.call('PTTL', keys.hold), 1))
end
`
