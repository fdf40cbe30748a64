import { script } from '../script.ts'

/** Keys: a hold. Arguments: holder, metadata. Answers 1, or 0 where the holder does not have it. */
export const annotate = script(`
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'metadata', ARGV[2])
return 1
`)
