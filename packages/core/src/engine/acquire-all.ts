import type { Instant } from '../clock.ts'
import { isLeaseholdError } from '../errors.ts'
import { acquire, tooLate, tryAcquire } from './acquire.ts'
import { isGrants } from './answers.ts'
import { attemptAll } from './attempt-all.ts'
import { assertOpen, msSince } from './bench.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { assertRoomFor, assertRoomToWait } from './limits.ts'
import { endures, type WaitTerms } from './options.ts'
import type { ServerClaim } from './server-claim.ts'
import { assertNotAborted, Waiter } from './waiter.ts'

type Holds = readonly Hold[]

/** One attempt at all keys: every one, or undefined and none. */
export async function tryAcquireAll(
  hall: LockHall,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<Holds | undefined> {
  assertOpen(hall)
  if (keys.some((key) => hall.valid(key))) return undefined
  if (hall.backend.tryAcquireAll) return tryAtomically(hall, keys, terms)
  const holds = await takeEach(keys, terms, (key, kept) => tryAcquire(hall, key, kept))
  if (!holds || allValid(holds)) return holds
  await releaseAll(holds)
  return undefined
}

/**
 * Waits for all keys. What one attempt does not bring is taken key after key in one global order, so that callers cannot wait for
 * each other in a circle; what is held already is renewed meanwhile.
 */
export async function acquireAll(hall: LockHall, keys: readonly string[], terms: WaitTerms): Promise<Holds> {
  assertOpen(hall)
  assertNotAborted(terms.signal)
  assertRoomToWait(hall)
  const startedAt = hall.clock.now()
  // Behind others of this process, the attempt would be one more at the backend, and in vain. Several attempts, one after the other, would not heed the signal.
  const alone = hall.backend.tryAcquireAll && keys.every((key) => hall.desk(key).free)
  const atOnce = alone && (await acquireAtOnce(hall, keys, terms, startedAt))
  if (atOnce) return atOnce
  for (;;) {
    const holds = await takeEach(keys, terms, (key, kept) => {
      const { waitMs } = terms
      const leftMs = waitMs === undefined ? undefined : Math.max(0, waitMs - msSince(hall, startedAt))
      return acquire(hall, key, { ...kept, waitMs: leftMs })
    })
    if (allValid(holds)) return holds
    // One was lost while the last was waited for: all or nothing, so from the beginning.
    await releaseAll(holds)
  }
}

/** The attempt, with the caller's signal: an answer that comes after it is given back. Whoever else here wants one of the keys stands in line meanwhile. */
function acquireAtOnce(
  hall: LockHall,
  keys: readonly string[],
  terms: WaitTerms,
  since: Instant,
): Promise<Holds | undefined> {
  const desks = keys.map((key) => hall.desk(key))
  hall.came()
  for (const desk of desks) desk.occupy()
  const leave = () => {
    hall.left()
    for (const desk of desks) desk.vacate()
  }
  const waiter = new Waiter<Holds | undefined>(hall, keys[0] ?? '', { ...terms, waitMs: undefined }, since)
  void tryAtomically(hall, keys, terms).then(
    (holds) => {
      leave()
      if (!waiter.grant(holds)) void releaseAll(holds ?? [])
    },
    (error) => {
      leave()
      // It may be waited for, key after key.
      if (isLeaseholdError(error, 'BACKEND_UNAVAILABLE') && endures(terms)) waiter.grant(undefined)
      else waiter.giveUp(error)
    },
  )
  return waiter.granted
}

async function tryAtomically(hall: LockHall, keys: readonly string[], terms: WaitTerms): Promise<Holds | undefined> {
  assertRoomFor(hall, keys.length)
  const claims = keys.map((key) => hall.newClaim(key, terms))
  let holds: readonly (Hold | undefined)[] = []
  hall.outstanding.begin()
  try {
    const { answer, sentAt } = await attemptAll(hall, claims, terms)
    assertOpen(hall)
    if (!isGrants(answer)) return undefined
    holds = answer.map((grant, index) => {
      const claim = claims[index] as ServerClaim
      return hall.desk(claim.claim.key).begin(claim, terms, grant, sentAt)
    })
    const begun = holds.filter((hold) => hold !== undefined)
    if (begun.length < claims.length) {
      void releaseAll(begun)
      throw tooLate(
        hall,
        claims.map(({ claim }) => claim),
      )
    }
    for (const hold of begun) hold.acquired(sentAt)
    return begun
  } finally {
    for (const [index, claim] of claims.entries()) if (!holds[index]) claim.abandon()
    hall.outstanding.end()
  }
}

/**
 * Takes one key after another, in one global order, and keeps alive what it has; gives that back when one cannot be taken. Whoever is told so
 * can rely on it, unless the caller has called it off: that has no time.
 */
async function takeEach<Taken extends Hold | undefined>(
  keys: readonly string[],
  terms: WaitTerms,
  take: (key: string, terms: WaitTerms) => Promise<Taken>,
): Promise<Holds | (Taken extends undefined ? undefined : never)> {
  const taken: Hold[] = []
  let complete = false
  try {
    for (const key of [...keys].sort()) {
      const hold = await take(key, { ...terms, autoRenew: true })
      if (!hold) return undefined as Taken extends undefined ? undefined : never
      taken.push(hold)
    }
    complete = true
    // The first of them have been held for a while.
    if (!terms.autoRenew) for (const hold of taken) hold.renewOnce()
    return taken
  } finally {
    const released = complete || releaseAll(taken)
    if (!terms.signal?.aborted) await released
  }
}

const allValid = (holds: Holds): boolean => holds.every((hold) => hold.isValid())

/** Of those that nobody has got. What fails has reached the observer. */
const releaseAll = (holds: Holds): Promise<unknown> =>
  Promise.allSettled(holds.filter(({ state }) => state === 'held').map((hold) => hold.release(undefined, 0)))
