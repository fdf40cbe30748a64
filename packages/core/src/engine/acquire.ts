import type { Instant } from '../clock.ts'
import type { Claim } from '../contract.ts'
import { isLeaseholdError, type LeaseholdError, limitReached } from '../errors.ts'
import type { Engine } from './engine.ts'
import type { Hold } from './hold.ts'
import { newClaim } from './new-claim.ts'
import type { WaitTerms } from './options.ts'
import { Waiter } from './waiter.ts'

/** Waits in this process's queue, then at the backend. */
export async function acquire(engine: Engine, key: string, terms: WaitTerms): Promise<Hold> {
  engine.assertOpen()
  terms.signal?.throwIfAborted()
  const { maxWaiters } = engine.options
  if (engine.queues.size >= maxWaiters) throw limitReached('maxWaiters', maxWaiters)
  const waiter = new Waiter(key, terms, engine.clock, engine.scheduler)
  engine.queues.enter(waiter)
  const hold = await waiter.granted
  announce(engine, hold, waiter.since)
  return hold
}

/** One attempt; undefined where somebody holds the key. */
export async function tryAcquire(engine: Engine, key: string, terms: WaitTerms): Promise<Hold | undefined> {
  engine.assertOpen()
  if (engine.holds.valid(key)) return undefined
  const claim = newClaim(key)
  const asking = engine.attemptOne(claim, terms, () => engine.withdraw([claim]))
  return compensated(engine, [claim], asking, ({ answer, sentAt }) => {
    if (!answer.granted) return undefined
    const hold = engine.holds.begin(claim, terms, answer, sentAt)
    if (!hold) throw tooLate(engine, [claim])
    announce(engine, hold, sentAt)
    return hold
  })
}

/**
 * What `begin` makes of the answer, in the turn in which it comes: `close` either finds the leases or is found. Where there is no answer, or
 * nothing comes of it, whatever may have taken effect is withdrawn.
 */
export async function compensated<T, Begun>(
  engine: Engine,
  claims: readonly Claim[],
  asking: Promise<T>,
  begin: (answered: T) => Begun,
): Promise<Begun> {
  engine.outstanding.begin()
  try {
    const answered = await asking
    engine.assertOpen()
    return begin(answered)
  } catch (error) {
    const nothingTookEffect = isLeaseholdError(error, 'BACKEND_REFUSED') || isLeaseholdError(error, 'LIMIT_REACHED')
    if (!nothingTookEffect) engine.withdraw(claims)
    throw error
  } finally {
    engine.outstanding.end()
  }
}

export const tooLate = (engine: Engine, claims: readonly Claim[]): LeaseholdError =>
  engine.requests.noAnswer({ what: 'acquire', claims }, 'it came too late')

export function announce(engine: Engine, hold: Hold, since: Instant): void {
  if (engine.options.onEvent) engine.tell('acquired', hold, { waitedMs: engine.msSince(since) })
}
