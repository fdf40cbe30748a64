import { script } from '../../script.ts'

/** Ends holds of claims that have no majority. Keys: a hold. Arguments: its holder. */
export const withdraw = script(`
if redis.call('HGET', KEYS[1], 'holder') == ARGV[1] then redis.call('DEL', KEYS[1]) end
`)
