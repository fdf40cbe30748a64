import { script } from '../script.ts'

/** PEXPIRE alone: it works out of memory, too. Keys: holds. Arguments: TTL, holders. Answers token and time, or an empty token for one that is gone. */
export const renew = script(`
local ttl = tonumber(ARGV[1])
local answers = {}
for index, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'holder', 'token')
  if held[1] == ARGV[index + 1] then
    local left = redis.call('PTTL', key)
    if left < ttl then
      redis.call('PEXPIRE', key, ARGV[1])
      left = ttl
    end
    answers[index] = { held[2], left }
  else
    answers[index] = { '', 0 }
  end
end
return answers
`)
