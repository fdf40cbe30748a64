import type { Instant } from '../clock.ts'
import type { Claim, LockBackend } from '../contract.ts'
import { isLeaseholdError } from '../errors.ts'
import { acquire, announce, compensated, tooLate, tryAcquire } from './acquire.ts'
import { checkAnswer, checkEach, checkGrant, isGrants } from './answers.ts'
import type { Engine } from './engine.ts'
import type { Hold } from './hold.ts'
import { newClaim } from './new-claim.ts'
import type { WaitTerms } from './options.ts'
import { Waiter } from './waiter.ts'

/** One attempt at all keys: every one, or undefined and none. */
export async function tryAcquireAll(
  engine: Engine,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<readonly Hold[] | undefined> {
  engine.assertOpen()
  if (keys.some((key) => engine.holds.valid(key))) return undefined
  const atomic = engine.backend.tryAcquireAll
  if (atomic) return tryAtomically(engine, atomic, keys, terms)
  return takeEach(engine, keys, (key) => tryAcquire(engine, key, terms))
}

/**
 * Waits for all keys. What one attempt does not bring is taken key after key in one global order, so that callers cannot wait for
 * each other in a circle; what is held already is renewed meanwhile.
 */
export async function acquireAll(engine: Engine, keys: readonly string[], terms: WaitTerms): Promise<readonly Hold[]> {
  terms.signal?.throwIfAborted()
  const startedAt = engine.clock.now()
  // Several attempts, one after the other, would heed neither deadline nor signal.
  const atOnce = engine.backend.tryAcquireAll && (await acquireAtOnce(engine, keys, terms))
  if (atOnce) return atOnce
  for (;;) {
    const holds = await acquireInOrder(engine, keys, terms, startedAt)
    if (holds.every((hold) => engine.holds.isValid(hold))) return holds
    // One was lost while the last was waited for: all or nothing, so from the beginning.
    releaseAll(engine, holds)
  }
}

/** The attempt, with the caller's deadline and signal: an answer that comes after them is given back. */
function acquireAtOnce(
  engine: Engine,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<readonly Hold[] | undefined> {
  const waiter = new Waiter<readonly Hold[] | undefined>(keys[0] ?? '', terms, engine.clock, engine.scheduler)
  tryAcquireAll(engine, keys, terms).then(
    (holds) => {
      if (!waiter.grant(holds)) releaseAll(engine, holds ?? [])
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
  engine: Engine,
  attempt: NonNullable<LockBackend['tryAcquireAll']>,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<readonly Hold[] | undefined> {
  const claims = keys.map(newClaim)
  const asking = engine.attempt(
    claims,
    terms,
    (backend, asked) => attempt.call(backend, claims, asked),
    (answer) => (isGrants(answer) ? checkEach(answer, claims.length, checkGrant) : checkAnswer(answer)),
    (answer) => isGrants(answer) && engine.withdraw(claims),
  )
  return compensated(engine, claims, asking, ({ answer, sentAt }) => {
    if (!isGrants(answer)) return undefined
    const holds = answer.map((grant, index) => engine.holds.begin(claims[index] as Claim, terms, grant, sentAt))
    const begun = holds.filter((hold) => hold !== undefined)
    if (begun.length < claims.length) {
      releaseAll(engine, begun)
      throw tooLate(engine, claims)
    }
    for (const hold of begun) announce(engine, hold, sentAt)
    return begun
  })
}

async function acquireInOrder(
  engine: Engine,
  keys: readonly string[],
  terms: WaitTerms,
  startedAt: Instant,
): Promise<readonly Hold[]> {
  const holds = await takeEach(engine, [...keys].sort(), (key) =>
    acquire(engine, key, { ...terms, autoRenew: true, waitMs: waitLeft(engine, terms, startedAt) }),
  )
  // The first of them have been held for a while.
  if (!terms.autoRenew) for (const hold of holds) engine.holds.renewOnce(hold)
  return holds
}

/** Takes one key after another; gives back what was taken when one cannot be. */
async function takeEach<Taken extends Hold | undefined>(
  engine: Engine,
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
    if (!complete) releaseAll(engine, taken)
  }
}

function waitLeft(engine: Engine, { waitMs }: WaitTerms, startedAt: Instant): number | undefined {
  return waitMs === undefined ? undefined : Math.max(0, waitMs - engine.msSince(startedAt))
}

function releaseAll(engine: Engine, holds: readonly Hold[]): void {
  for (const hold of holds) if (hold.state === 'held') engine.inBackground(engine.release(hold))
}
