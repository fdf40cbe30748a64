import { script } from '../script.ts'
import { attempt } from './parts/attempt.ts'

/**
 * Ends a hold, or a place in line, and passes the key on. Keys: of one lock. Arguments: namespace, holder; and for the next claim of the same
 * process what `join` takes after the namespace. It stands last in line, as if it had come afterwards.
 */
export const release = script(`${attempt}
local keys = keys_of(1)
local released = redis.call('HGET', keys.hold, 'holder') == ARGV[2]
if released then redis.call('DEL', keys.hold) else leave(keys, ARGV[2]) end

-- Out of memory, nobody can be given anything. That does not undo the release: who waits asks again.
local answer = false
if ARGV[3] then
  local sound, outcome = pcall(attempt, keys, ARGV[1], ARGV[3], ARGV[4], ARGV[5])
  if sound and outcome[1] == 0 then sound = pcall(stand, keys, ARGV[3], ARGV[4], ARGV[5], ARGV[6]) end
  answer = sound and outcome
elseif released or redis.call('EXISTS', keys.hold) == 0 then
  pcall(pass_on, keys, ARGV[1])
end
return { released and 1 or 0, answer }
`)
