import { script } from '../../script.ts'
import { attemptShare } from '../parts/attempt-share.ts'

/** Keys: of one lock. Arguments: namespace, holder, TTL, metadata, kind, how many, of how many. */
export const acquireShare = script(`${attemptShare}
return attempt(keys_of(1), unpack(ARGV))
`)
