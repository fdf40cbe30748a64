import { script } from '../../script.ts'
import { keep } from '../parts/keep.ts'
import { line } from '../parts/line.ts'
import { shares } from '../parts/shares.ts'

/** As `annotate`, of a share. */
export const annotateShare = script(`${keep}${line}${shares}
local ends, token, unconfirmed, slots, rest = read(redis.call('HGET', KEYS[1], ARGV[1]) or '')
if not ends or ends <= present then return 0 end
local of = string.match(rest, '^ %d+')
redis.call('HSET', KEYS[1], ARGV[1], digits(ends) .. ' ' .. token .. ' ' .. unconfirmed .. ' ' .. slots .. of .. ' ' .. ARGV[2])
return 1
`)
