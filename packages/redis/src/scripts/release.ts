import { script } from '../script.ts'
import { attempt } from './parts/attempt.ts'
import { keep } from './parts/keep.ts'
import { areShares } from './parts/queue.ts'

/**
 * Ends a hold, or a place in line, and passes the key on. Keys: of one lock. Arguments: namespace, holder; and for the next claim of the same
 * process what `join` takes after the namespace. It stands last in line, as if it had come afterwards. Answers whether there was a hold; where a next
 * claim was named, the same string goes on with what `attempt` answers, if it could be asked.
 */
export const release = script(`${keep}
local holder = redis.call('HGET', KEYS[1], 'holder')
local released = holder == ARGV[2]
if released then
  redis.call('DEL', KEYS[1])
  if not ARGV[3] and redis.call('EXISTS', KEYS[3]) == 0 then return 1 end
end
${attempt}
local keys = keys_of(1)
if not released then leave(keys, ARGV[2]) end

-- Out of memory, nobody can be given anything. That does not undo the release: who waits asks again.
if ARGV[3] then
  local sound, answer = pcall(released and take or attempt, keys, ARGV[1], ARGV[3], ARGV[4], ARGV[5])
  if sound and is_contended(answer) then sound = pcall(stand, keys, ARGV[3], ARGV[4], ARGV[5], ARGV[6]) end
  return (released and '1' or '0') .. (sound and answer or '')
end
if released or not holder then pcall(pass_on, keys, ARGV[1])
elseif ${areShares} then pcall(let_in, keys, ARGV[1]) end
return released and 1 or 0
`)
