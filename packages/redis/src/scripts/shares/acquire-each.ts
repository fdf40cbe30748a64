import { script } from '../../script.ts'
import { attemptShare } from '../parts/attempt-share.ts'
import { forEach } from '../parts/for-each.ts'

/** As `acquireEach`, of shares. Keys: of every lock. Arguments: namespace; and of each, what `acquireShare` takes after that. */
export const acquireShareOfEach = script(`${attemptShare}
local function acquire(keys, ...)
  return attempt(keys, ARGV[1], ...)
end
${forEach('acquire', 6)}`)
