/** What one of several could not do is nothing to the others: in place of its answer stands why. No answer begins like that. */
export const FAILED = '!'

/** An error is a text up to Redis 6, and has one since. */
export const failed = `
local function failed(reason)
  return '${FAILED}' .. (type(reason) == 'table' and reason.err or reason)
end
`
