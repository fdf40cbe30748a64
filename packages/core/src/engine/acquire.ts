import type { Instant } from '../clock.ts'
import type { Claim } from '../contract.ts'
import type { LeaseholdError } from '../errors.ts'
import type { Bench } from './bench.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import type { WaitTerms } from './options.ts'
import { noAnswer } from './requests.ts'
import { assertNotAborted } from './waiter.ts'

/** Waits in this process's line, then at the backend. */
export function acquire(hall: LockHall, key: string, terms: WaitTerms): Promise<Hold> {
  const { bench } = hall
  bench.assertOpen()
  assertNotAborted(terms.signal)
  hall.assertRoomToWait()
  const since = bench.clock.now()
  const granted = hall.deskOf(key, terms).acquire(terms, since)
  if (!bench.observer.listens) return granted
  return granted.then((hold) => {
    announce(bench, hold, since)
    return hold
  })
}

/** One attempt; undefined where somebody holds the key. */
export async function tryAcquire(hall: LockHall, key: string, terms: WaitTerms): Promise<Hold | undefined> {
  const { bench } = hall
  bench.assertOpen()
  if (hall.valid(key)) return undefined
  hall.assertRoomFor(1)
  const claim = hall.newClaim(key, terms)
  let hold: Hold | undefined
  bench.outstanding.begin()
  try {
    const { answer, sentAt } = await claim.attempt(terms)
    // In the turn in which the answer comes: `close` either finds the lease or is found.
    bench.assertOpen()
    if (!answer.granted) return undefined
    hold = hall.deskOf(key, terms).begin(claim, terms, answer, sentAt)
    if (!hold) throw tooLate(bench, [claim.claim])
    announce(bench, hold, sentAt)
    return hold
  } finally {
    if (!hold) claim.abandon()
    bench.outstanding.end()
  }
}

export const tooLate = (bench: Bench, claims: readonly Claim[]): LeaseholdError =>
  noAnswer(bench, { what: 'acquire', claims }, 'it came too late')

export function announce(bench: Bench, { key, fencingToken }: Hold, since: Instant): void {
  if (bench.observer.listens)
    bench.observer.tell({ type: 'acquired', key, fencingToken, waitedMs: bench.msSince(since) })
}
