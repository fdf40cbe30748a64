/** What one of several could not do is nothing to the others: in place of its answer stands why. No answer begins like that. */
export const FAILED = '!'

/** An error is a text up to Redis 6, and has one since. A replica refuses whatever writes, whoever asks for it: that is the answer to all, so that the connection is left. */
export const failed = `
local function failed(reason)
  local why = type(reason) == 'table' and reason.err or reason
  if string.find(why, 'READONLY', 1, true) then error(reason, 0) end
  return '${FAILED}' .. why
end
`
