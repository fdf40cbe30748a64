import { script } from '../../script.ts'

/** Ends the hold of a claim that got no majority, unless a later attempt has asked for it. Keys: a hold. Arguments: its holder, the attempt. */
export const withdraw = script(`
local kept = redis.call('HMGET', KEYS[1], 'holder', 'attempt')
if kept[1] == ARGV[1] and tonumber(kept[2]) <= tonumber(ARGV[2]) then redis.call('DEL', KEYS[1]) end
`)
