import type { Lease, LeaseHandle, Locks, ResumeOptions } from '../api.ts'
import type { Renewal } from '../contract.ts'
import { checkEach, checkRenewal, isGone } from './answers.ts'
import { assertHandOff, assertOpen, timeoutMs } from './bench.ts'
import type { LockHall } from './hall.ts'
import { parseHandle } from './handle.ts'
import type { Hold } from './hold.ts'
import { HeldLease } from './lease.ts'
import { assertRoomFor } from './limits.ts'
import { hallOf } from './locks.ts'
import { parseResume } from './options.ts'
import { ask, noAnswer } from './requests.ts'
import { ServerClaim } from './server-claim.ts'
import { sharesOf } from './shares.ts'

/**
 * Takes up a lease that was handed off, here or in another process: renews it once, and returns it; null where it is gone. It renews itself if it
 * did before. Taken up twice in one process, it is one lease, which ends for both. Rejects with `UNSUPPORTED`, `LIMIT_REACHED`, `CLOSED` or a
 * backend error; then the handle stays good.
 */
export async function resume(locks: Locks, handle: LeaseHandle, options?: ResumeOptions): Promise<Lease | null> {
  const hall = hallOf(locks)
  assertOpen(hall)
  const hold = await takeUp(hall, handle, options)
  return hold ? new HeldLease(hold) : null
}

/** Renews the claim of a handle, and begins a lease here with what the backend says; undefined where it is gone. */
export async function takeUp(
  hall: LockHall,
  handle: LeaseHandle,
  options: ResumeOptions | undefined,
): Promise<Hold | undefined> {
  assertHandOff(hall)
  sharesOf(hall)
  const { claim, terms: handed, fencingToken } = parseHandle(handle, hall.options)
  const terms = parseResume(handed, options)
  assertRoomFor(hall, 1)
  // The same for everybody who has taken it up here, or is about to.
  const server = hall.claims.get(claim.holder) ?? new ServerClaim(hall, claim, terms.ttlMs, true)
  let begun: Hold | undefined
  server.use()
  try {
    const { answer, sentAt } = await ask(hall, {
      what: 'renew',
      claims: [claim],
      timeoutMs: timeoutMs(hall, terms.ttlMs),
      send: (backend) => backend.renew([{ ...claim, ttlMs: terms.ttlMs, fencingToken }]),
      check: (answers) => checkEach(answers, [claim], checkRenewal),
    })
    const renewal = answer[0] as Renewal
    assertOpen(hall)
    if (renewal === 'unknown') throw noAnswer(hall, { what: 'renew', claims: [claim] })
    // Over: while this renewal was under way, it was released by somebody here who had taken it up, too.
    if (isGone(renewal) || server.over) return undefined
    // Granted anew by a delayed duplicate of its acquire, and known to nobody.
    if (renewal.fencingToken !== fencingToken) return void server.withdraw()
    const known = hall.validAt(claim.key).find((hold) => hold.server === server)
    // Taken up twice in one process, it is one lease.
    if (known) {
      if (terms.autoRenew) known.renewAlways()
      known.renewed(renewal, sentAt, hall.clock.now())
      return known
    }
    begun = hall.deskOf(claim.key, terms).begin(server, terms, renewal, sentAt)
    begun?.tell({ type: 'resumed' })
    return begun
  } finally {
    // Otherwise the lease drops it, when its release is answered for.
    if (!begun) server.drop()
  }
}
