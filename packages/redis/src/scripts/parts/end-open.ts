import { OTHER_FIELDS } from './shares.ts'

/**
 * Ends one share where nobody waits. As `takeOpen`, it stands before what does the same in every case. Keys: of one lock. Arguments: namespace, holder.
 */
export const endOpen = `
if #ARGV == 2 and redis.call('EXISTS', KEYS[3]) == 0 then
  local time = redis.call('TIME')
  local ends, slot = string.match(redis.call('HGET', KEYS[1], ARGV[2]) or '', '^(%d+) %d+ [01] ([%d-]+) ')
  if ends and tonumber(ends) > tonumber(time[1] .. string.sub('00000' .. time[2], -6, -4)) then
    if redis.call('HLEN', KEYS[1]) == ${OTHER_FIELDS + 1} then
      redis.call('DEL', KEYS[1])
      return { 1 }
    end
    redis.call('HDEL', KEYS[1], ARGV[2])
    if slot ~= '-' then
      local slots = redis.call('HGET', KEYS[1], 'slots')
      redis.call('HSET', KEYS[1], 'slots', string.sub(slots, 1, slot) .. '0' .. string.sub(slots, slot + 2))
    end
    return { 1 }
  end
end
`
