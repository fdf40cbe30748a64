import { failed } from './failed.ts'

/** Asks this function of each lock, with so many arguments of its own, after the namespace; the answers, each by itself. Last in a script that has `keys_of`. */
export const forEach = (asked: string, count: number): string => `${failed}
local answers = {}
for each = 1, #KEYS / 4 do
  local last = each * ${count} + 1
  local sound, answer = pcall(${asked}, keys_of(each * 4 - 3), unpack(ARGV, last - ${count - 1}, last))
  answers[each] = sound and answer or failed(answer)
end
return answers
`
