import { script } from '../script.ts'

/**
 * Keys: value, highest token seen. Arguments: token, value, and for both a time to live or ''. Answers nothing, or the token that is newer. Tokens are compared as digits: other
 * backends grant some above 2^53.
 */
export const fencedSet = script(`
local highest = redis.call('GET', KEYS[2]) or '0'
local token = ARGV[1]
if #token < #highest or (#token == #highest and token < highest) then return highest end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
  redis.call('SET', KEYS[2], token)
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  redis.call('SET', KEYS[2], token, 'PX', ARGV[4])
end
return false
`)
