import { drawToken } from './keep.ts'

/**
 * Takes one share where nobody waits and none has ended. That is all which most scripts need, and what `attempt` would do; it stands before what they do otherwise, since to define a function costs at every run.
 * Keys and arguments: of `acquireShare`.
 */
export const takeOpen = `
local time = redis.call('TIME')
local token = time[1] .. string.sub('00000' .. time[2], -6)
local present, ttl = tonumber(string.sub(token, 1, -4)), tonumber(ARGV[3])
local kind, next, slots, own = unpack(redis.call('HMGET', KEYS[1], 'holder', 'next', 'slots', ARGV[2]))
local open = not own and (not kind or kind == ARGV[5] and tonumber(next) > present)
local slot = 0
slots = slots or ''
if ARGV[5] == 'permits' then
  slot = string.find(slots, '0', 1, true) or #slots + 1
  open = open and ARGV[6] == '1' and slot <= tonumber(ARGV[7])
  slots = string.sub(slots, 1, slot - 1) .. '1' .. string.sub(slots, slot + 1)
end
if open and redis.call('EXISTS', KEYS[3]) == 0 then
  -- Who may not ask for it must not get what he could not renew.
  local longest = math.max(redis.call('PTTL', KEYS[1]), ttl)
  local last_token, place = KEYS[2], slot > 0 and string.format('%.0f', slot - 1) or '-'
${drawToken}
  local ends = string.format('%.0f', present + ttl)
  local share = ends .. ' ' .. token .. ' 0 ' .. place .. ' ' .. ARGV[7] .. ' ' .. ARGV[4]
  if not kind or tonumber(ends) < tonumber(next) then next = ends end
  redis.call('HSET', KEYS[1], 'holder', ARGV[5], 'next', next, 'slots', slots, ARGV[2], share)
  -- A user who may not run PEXPIRE must not leave a hold that never ends.
  local sound, refusal = pcall(redis.call, 'PEXPIRE', KEYS[1], string.format('%.0f', longest))
  if sound then return token .. ' ' .. ARGV[3] .. ' ' .. place end
  if kind then redis.call('HDEL', KEYS[1], ARGV[2]) else redis.call('DEL', KEYS[1]) end
  error(refusal, 0)
end
`
