import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Leases that are trusted for too long. */
export const validityMutants = all

const acquire = inFile('engine/acquire.ts')
const clock = inFile('clock.ts')
const handle = inFile('engine/handle.ts')
const hold = inFile('engine/hold.ts')
const holds = inFile('engine/holds.ts')
const lease = inFile('engine/lease.ts')
const options = inFile('engine/options.ts')
const renewals = inFile('engine/renewals.ts')

add(
  'deadline-from-reply',
  'validity counts from when the answer came',
  'ttl/from-the-send',
  acquire('holds.begin(claim, terms, answer, sentAt)', 'holds.begin(claim, terms, answer, engine.clock.now())'),
)

add(
  'renewal-from-reply',
  'after a renewal, validity counts from when its answer came',
  'renew/from-the-send',
  renewals('holds.extend(hold, answer, sentAt, now)', 'holds.extend(hold, answer, now, now)'),
)

add('no-margin', 'the margin is zero', 'ttl/margin', options('Math.max(2, grantedTtlMs / 100)', '0'))

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
  hold('Math.max(0, msUntil(this.#validUntil, now))', 'Math.max(1, msUntil(this.#validUntil, now))'),
  holds('if (hold.remainingMs(now) > 0) return true', 'return true'),
)

add(
  'minimum-ignored',
  'assertHeld does not look at how much time is left',
  'ttl/enough-left',
  lease('if (remainingMs >= minRemainingMs) return', 'return'),
)

add(
  'longest-hold-ignored',
  'a lease is renewed beyond its longest hold',
  'ttl/max-hold',
  hold('terms.maxHoldMs === undefined ? undefined : ', 'terms.maxHoldMs !== undefined ? undefined : '),
)

add(
  'expired-grant-kept',
  'a grant that is no longer to be trusted when it arrives becomes a lease',
  'wait/untrusted-grant',
  holds('hold.remainingMs(now) <= 0', 'hold.remainingMs(now) < 0'),
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
