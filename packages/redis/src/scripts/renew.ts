import { script } from '../script.ts'

/** PEXPIRE alone: it works out of memory, too. Keys: holds. Arguments: TTL, holders. Answers token and time, or an empty token for one that is gone. */
export const renew = script(`
local ttl = tonumber(ARGV[1])
local answers = {}
for index, key in ipairs(KEYS) do
  local held = redis.call('HMGET', key, 'holder', 'token')
  if held[1] == ARGV[index + 1] then
    local left = math.max(redis.call('PTTL', key), ttl)
    redis.call('PEXPIRE', key, string.format('%.0f', left))
    answers[index] = { held[2], left }
  else
    answers[index] = { '', 0 }
  end
end
return answers
`)
