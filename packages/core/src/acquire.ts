import type { Claim } from './contract.ts'
import type { Engine } from './engine.ts'
import { isLeaseholdError, LeaseholdError } from './errors.ts'
import type { Hold } from './hold.ts'
import { newHolder } from './holder.ts'
import type { WaitTerms } from './options.ts'
import { Waiter } from './waiter.ts'

/** Waits in this process's queue, then at the backend. */
export async function acquire(engine: Engine, key: string, terms: WaitTerms): Promise<Hold> {
  const { maxWaiters } = engine.options
  if (engine.queues.size >= maxWaiters) {
    throw new LeaseholdError('LIMIT_REACHED', `at most ${maxWaiters} callers (maxWaiters) may wait at once`, { key })
  }
  const waiter = new Waiter(key, terms, engine.clock, engine.scheduler)
  engine.queues.enter(waiter)
  const hold = await waiter.lease
  announce(engine, hold, waiter.since.monotonicMs)
  return hold
}

/** One attempt; undefined where somebody holds the key. */
export async function tryAcquire(engine: Engine, key: string, terms: WaitTerms): Promise<Hold | undefined> {
  const claim = { key, holder: newHolder() }
  const sentAt = engine.clock.now()
  const answer = await compensated(
    engine,
    [claim],
    engine.attempt(claim, terms, () => engine.withdraw(claim)),
  )
  if (!answer.granted) return undefined
  const hold = engine.holds.begin(claim, terms, answer, answer.since ?? sentAt)
  if (hold === undefined) throw tooLate(engine, [claim])
  announce(engine, hold, sentAt.monotonicMs)
  return hold
}

/** The answer. Where there is none, or it comes after `close`, what may have taken effect is withdrawn. */
export async function compensated<T>(engine: Engine, claims: readonly Claim[], answer: Promise<T>): Promise<T> {
  engine.outstanding.begin()
  try {
    const result = await answer
    engine.assertOpen()
    return result
  } catch (error) {
    const nothingTookEffect = isLeaseholdError(error, 'BACKEND_REFUSED') || isLeaseholdError(error, 'LIMIT_REACHED')
    if (!nothingTookEffect) for (const claim of claims) engine.withdraw(claim)
    throw error
  } finally {
    engine.outstanding.end()
  }
}

export const tooLate = (engine: Engine, claims: readonly Claim[]): LeaseholdError =>
  engine.requests.noAnswer({ what: 'acquire', claims }, 'the grant came after its time was over')

export function announce(engine: Engine, { claim, fencingToken }: Hold, sinceMs: number): void {
  engine.emit({ type: 'acquired', key: claim.key, fencingToken, waitedMs: engine.clock.now().monotonicMs - sinceMs })
}
