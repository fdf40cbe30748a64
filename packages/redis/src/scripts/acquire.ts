import { script } from '../script.ts'
import { attempt } from './parts/attempt.ts'
import { takeFree } from './parts/take-free.ts'

/** Keys: of one lock. Arguments: namespace, holder, TTL, metadata. */
export const acquire = script(`${takeFree}${attempt}
return attempt(keys_of(1), ARGV[1], ARGV[2], ARGV[3], ARGV[4])
`)
