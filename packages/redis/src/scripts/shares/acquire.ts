import { script } from '../../script.ts'
import { attemptShare } from '../parts/attempt-share.ts'
import { takeOpen } from '../parts/take-open.ts'

/** Keys: of one lock. Arguments: namespace, holder, TTL, metadata, kind, how many, of how many. */
export const acquireShare = script(`${takeOpen}${attemptShare}
return attempt(keys_of(1), unpack(ARGV))
`)
