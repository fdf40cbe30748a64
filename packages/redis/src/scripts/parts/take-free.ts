import { keep } from './keep.ts'

/** What most attempts find: nobody holds the key, and nobody waits for it. Keys: of one lock. Arguments: namespace, holder, TTL, metadata. */
export const takeFree = `${keep}
if redis.call('EXISTS', KEYS[1], KEYS[3]) == 0 then return keep(KEYS[1], KEYS[2], clock(), ARGV[2], ARGV[3], ARGV[4]) end
`
