import { script } from '../../../script.ts'
import { keeping } from '../parts/keeping.ts'
import { shares } from '../parts/shares.ts'

/** As `withdraw`, of a share. */
export const withdrawShare = script(`${keeping}${shares}
local keys = keys_of(1)
local held = look(keys, ARGV[1])
if held.token and held.attempt <= tonumber(ARGV[2]) then end_share(keys, held, ARGV[1]) end
`)
