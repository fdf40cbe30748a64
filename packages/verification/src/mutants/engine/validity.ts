import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Leases that are trusted for too long. */
export const validityMutants = all

const validity = inFile('engine/validity.ts')
const clock = inFile('clock.ts')
const handle = inFile('engine/handle.ts')
const hold = inFile('engine/hold.ts')
const wholeDesk = inFile('engine/whole-desk.ts')
const renewals = inFile('engine/renewals.ts')

add(
  'deadline-from-reply',
  'validity counts from when the answer came',
  'ttl/from-the-send',
  wholeDesk('countedFrom(grant, sentAt, now)', 'now'),
)

add(
  'renewal-from-reply',
  'after a renewal, validity counts from when its answer came',
  'renew/from-the-send',
  renewals('hold.renewed(answer, sentAt, now)', 'hold.renewed(answer, now, now)'),
)

add('no-margin', 'the margin is zero', 'ttl/margin', validity('Math.max(2, grantedMs / 100)', '0'))

add(
  'wall-ignored',
  'only the monotonic clock is looked at',
  'ttl/wall-forward',
  clock(
    'Math.min(until.monotonicMs - now.monotonicMs, until.wallMs - now.wallMs)',
    'until.monotonicMs - now.monotonicMs',
  ),
)

add(
  'monotonic-ignored',
  'only the wall clock is looked at',
  'ttl/wall-back',
  clock('Math.min(until.monotonicMs - now.monotonicMs, until.wallMs - now.wallMs)', 'until.wallMs - now.wallMs'),
)

add(
  'timer-as-only-validity',
  'a lease is valid until a timer says otherwise',
  'ttl/computed',
  hold('Math.max(0, msUntil(this.#validity.until, now))', 'Math.max(1, msUntil(this.#validity.until, now))'),
  hold('if (this.remainingMs(now) > 0) return true', 'return true'),
)

add(
  'minimum-ignored',
  'assertHeld does not look at how much time is left',
  'ttl/enough-left',
  hold('if (remainingMs >= minRemainingMs) return', 'return'),
)

add(
  'longest-hold-ignored',
  'a lease is renewed beyond its longest hold',
  'ttl/max-hold',
  validity('terms.maxHoldMs === undefined ? undefined : ', 'terms.maxHoldMs !== undefined ? undefined : '),
)

add(
  'expired-grant-kept',
  'a grant that is no longer to be trusted when it arrives becomes a lease',
  'wait/untrusted-grant',
  wholeDesk('hold.remainingMs(now) <= 0', 'hold.remainingMs(now) < 0'),
)

add(
  'tokens-as-doubles',
  'tokens are carried in a number',
  'fencing/beyond-doubles',
  hold('this.fencingToken = grant.fencingToken', 'this.fencingToken = BigInt(Number(grant.fencingToken))'),
)

add(
  'handle-as-double',
  'the token of a handle is carried in a number',
  'fencing/handle-beyond-doubles',
  handle('fencingToken: String(fencingToken)', 'fencingToken: String(BigInt(Number(fencingToken)))'),
)
