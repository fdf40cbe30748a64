import { script } from '../script.ts'

/** Why holds were ended by force. Keys: of each claim, where that is told. Arguments: holders. Answers for each until when it is told, and why, or nothing. */
export const forced = script(`
local answers = {}
for index, key in ipairs(KEYS) do answers[index] = redis.call('HGET', key, ARGV[index]) end
return answers
`)
