import { script } from '../script.ts'

/**
 * Ends a hold and does nothing more: it names one key, which a Cluster serves also while the slot is on its way to another node. Who waits finds the
 * free key by itself. Keys: a hold. Arguments: holder.
 */
export const releaseHold = script(`
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`)
