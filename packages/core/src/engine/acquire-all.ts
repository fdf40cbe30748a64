import type { Instant } from '../clock.ts'
import { isLeaseholdError } from '../errors.ts'
import { acquire, announce, tooLate, tryAcquire } from './acquire.ts'
import { isGrants } from './answers.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import type { WaitTerms } from './options.ts'
import { attemptAll, type ServerClaim } from './server-claim.ts'
import { Waiter } from './waiter.ts'

/** One attempt at all keys: every one, or undefined and none. */
export async function tryAcquireAll(
  hall: LockHall,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<readonly Hold[] | undefined> {
  hall.bench.assertOpen()
  if (keys.some((key) => hall.valid(key))) return undefined
  if (hall.bench.backend.tryAcquireAll) return tryAtomically(hall, keys, terms)
  return takeEach(hall, keys, (key) => tryAcquire(hall, key, terms))
}

/**
 * Waits for all keys. What one attempt does not bring is taken key after key in one global order, so that callers cannot wait for
 * each other in a circle; what is held already is renewed meanwhile.
 */
export async function acquireAll(hall: LockHall, keys: readonly string[], terms: WaitTerms): Promise<readonly Hold[]> {
  terms.signal?.throwIfAborted()
  const startedAt = hall.bench.clock.now()
  // Several attempts, one after the other, would heed neither deadline nor signal.
  const atOnce = hall.bench.backend.tryAcquireAll && (await acquireAtOnce(hall, keys, terms))
  if (atOnce) return atOnce
  for (;;) {
    const holds = await acquireInOrder(hall, keys, terms, startedAt)
    if (holds.every((hold) => hold.isValid())) return holds
    // One was lost while the last was waited for: all or nothing, so from the beginning.
    releaseAll(hall, holds)
  }
}

/** The attempt, with the caller's deadline and signal: an answer that comes after them is given back. */
function acquireAtOnce(
  hall: LockHall,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<readonly Hold[] | undefined> {
  const waiter = new Waiter<readonly Hold[] | undefined>(keys[0] ?? '', terms, hall.bench)
  tryAcquireAll(hall, keys, terms).then(
    (holds) => {
      if (!waiter.grant(holds)) releaseAll(hall, holds ?? [])
    },
    (error) => {
      // With time to wait, an unreachable backend is waited for, key after key.
      if (isLeaseholdError(error, 'BACKEND_UNAVAILABLE') && terms.waitMs) waiter.grant(undefined)
      else waiter.giveUp(error)
    },
  )
  return waiter.granted
}

async function tryAtomically(
  hall: LockHall,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<readonly Hold[] | undefined> {
  const { bench, requests } = hall
  hall.assertRoomFor(keys.length)
  const claims = keys.map((key) => hall.newClaim(key))
  let holds: readonly (Hold | undefined)[] = []
  bench.outstanding.begin()
  try {
    const { answer, sentAt } = await attemptAll(hall, claims, terms)
    bench.assertOpen()
    if (!isGrants(answer)) return undefined
    holds = answer.map((grant, index) => {
      const claim = claims[index] as ServerClaim
      return hall.desk(claim.claim.key).begin(claim, terms, grant, sentAt)
    })
    const begun = holds.filter((hold) => hold !== undefined)
    if (begun.length < claims.length) {
      releaseAll(hall, begun)
      throw tooLate(
        requests,
        claims.map(({ claim }) => claim),
      )
    }
    for (const hold of begun) announce(bench, hold, sentAt)
    return begun
  } finally {
    for (const [index, claim] of claims.entries()) if (!holds[index]) claim.abandon()
    bench.outstanding.end()
  }
}

async function acquireInOrder(
  hall: LockHall,
  keys: readonly string[],
  terms: WaitTerms,
  startedAt: Instant,
): Promise<readonly Hold[]> {
  const holds = await takeEach(hall, [...keys].sort(), (key) =>
    acquire(hall, key, { ...terms, autoRenew: true, waitMs: waitLeft(hall, terms, startedAt) }),
  )
  // The first of them have been held for a while.
  if (!terms.autoRenew) for (const hold of holds) hold.renewOnce()
  return holds
}

/** Takes one key after another; gives back what was taken when one cannot be. */
async function takeEach<Taken extends Hold | undefined>(
  hall: LockHall,
  keys: readonly string[],
  take: (key: string) => Promise<Taken>,
): Promise<readonly Hold[] | (Taken extends undefined ? undefined : never)> {
  const taken: Hold[] = []
  let complete = false
  try {
    for (const key of keys) {
      const hold = await take(key)
      if (!hold) return undefined as Taken extends undefined ? undefined : never
      taken.push(hold)
    }
    complete = true
    return taken
  } finally {
    if (!complete) releaseAll(hall, taken)
  }
}

function waitLeft(hall: LockHall, { waitMs }: WaitTerms, startedAt: Instant): number | undefined {
  return waitMs === undefined ? undefined : Math.max(0, waitMs - hall.bench.msSince(startedAt))
}

function releaseAll({ bench }: LockHall, holds: readonly Hold[]): void {
  for (const hold of holds) if (hold.state === 'held') bench.outstanding.during(hold.release())
}
