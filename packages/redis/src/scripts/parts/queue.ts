import { line, offerFirst } from './line.ts'
import { shares } from './shares.ts'

/** Whether this `holder` is nobody's, but the kind of those who share the key. */
export const areShares = "(holder == 'shared' or holder == 'permits')"

/** Passes a key on to those who wait for it. What it takes where anybody has a share, or wants one, is defined there: others do without. After `keep`. */
export const queue = `${line}
-- As pass_on, where shares are held or asked for.
local function let_in(keys, namespace, asking)
${shares}
  local held = shares_of(keys)
  local open, is_first = advance(keys, held, namespace, asking)
  if open and not held.kind then return true, is_first end
  return false, left(keys, held)
end

-- Gives a free key to the first waiter that lives. Answers whether it is free still, for the claim that asks, and whether that one is first in line; or for how
-- long it is given away.
local function pass_on(keys, namespace, asking)
  while true do
    local first = redis.call('LINDEX', keys.queue, 0)
    if not first then return true, false end
    if first == asking then return true, true end
    local entry = redis.call('HGET', keys.waiters, first) or '0 0 - '
${offerFirst}
    if taken == nil then return let_in(keys, namespace, asking) end
    drop_first(keys, first)
    if taken then return false, taken end
  end
end
`
