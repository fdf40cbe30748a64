import type { Claim } from '../contract.ts'
import type { LeaseholdError } from '../errors.ts'
import { assertOpen, type Bench } from './bench.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { assertRoomFor, assertRoomToWait } from './limits.ts'
import type { WaitTerms } from './options.ts'
import { noAnswer } from './requests.ts'
import { assertNotAborted } from './waiter.ts'

/** Waits in this process's line, then at the backend. */
export function acquire(hall: LockHall, key: string, terms: WaitTerms): Promise<Hold> {
  assertOpen(hall)
  assertNotAborted(terms.signal)
  assertRoomToWait(hall)
  const since = hall.clock.now()
  const granted = hall.deskOf(key, terms).acquire(terms, since)
  return hall.options.onEvent ? granted.then((hold) => hold.acquired(since)) : granted
}

/** One attempt; undefined where somebody holds the key. */
export async function tryAcquire(hall: LockHall, key: string, terms: WaitTerms): Promise<Hold | undefined> {
  assertOpen(hall)
  if (hall.valid(key)) return undefined
  assertRoomFor(hall, 1)
  const claim = hall.newClaim(key, terms)
  let hold: Hold | undefined
  hall.outstanding.begin()
  try {
    const { answer, sentAt } = await claim.attempt(terms)
    // In the turn in which the answer comes: `close` either finds the lease or is found.
    assertOpen(hall)
    if (!answer.granted) return undefined
    hold = hall.deskOf(key, terms).begin(claim, terms, answer, sentAt)
    if (!hold) throw tooLate(hall, [claim.claim])
    return hold.acquired(sentAt)
  } finally {
    if (!hold) claim.abandon()
    hall.outstanding.end()
  }
}

export const tooLate = (bench: Bench, claims: readonly Claim[]): LeaseholdError =>
  noAnswer(bench, { what: 'acquire', claims }, 'too late')
