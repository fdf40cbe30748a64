import { script } from '../script.ts'

/** Keys: a hold. Answers token, time and metadata; nothing if the key is free. */
export const inspect = script(`
local held = redis.call('HMGET', KEYS[1], 'token', 'metadata')
if not held[1] then return false end
return { held[1], math.max(redis.call('PTTL', KEYS[1]), 1), held[2] }
`)
