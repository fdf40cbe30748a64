import { acquire, announce, compensated, tooLate, tryAcquire } from './acquire.ts'
import type { Engine } from './engine.ts'
import type { Hold } from './hold.ts'
import { newHolder } from './holder.ts'
import type { WaitTerms } from './options.ts'

/** One attempt at all keys: every one, or undefined and none. */
export async function tryAcquireAll(
  engine: Engine,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<readonly Hold[] | undefined> {
  return engine.backend.tryAcquireAll ? tryAtomically(engine, keys, terms) : tryInOrder(engine, keys, terms)
}

/**
 * Waits for all keys. What one atomic attempt does not bring is taken key after key in one global order, so that callers
 * cannot wait for each other in a circle; what is held already is renewed meanwhile.
 */
export async function acquireAll(engine: Engine, keys: readonly string[], terms: WaitTerms): Promise<readonly Hold[]> {
  const startedMs = engine.clock.now().monotonicMs
  const free = keys.every((key) => engine.holds.valid(key) === undefined)
  const atOnce = engine.backend.tryAcquireAll && free && (await tryAtomically(engine, keys, terms))
  if (atOnce) return atOnce
  for (;;) {
    const holds = await acquireInOrder(engine, keys, terms, startedMs)
    if (holds.every((hold) => engine.holds.isValid(hold))) return holds
    // One was lost while the last was waited for: all or nothing, so from the beginning.
    releaseAll(engine, holds)
  }
}

async function tryAtomically(
  engine: Engine,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<readonly Hold[] | undefined> {
  const claims = keys.map((key) => ({ key, holder: newHolder() }))
  const sentAt = engine.clock.now()
  const grants = await compensated(engine, claims, engine.attemptAll(claims, terms))
  if (!Array.isArray(grants)) return undefined
  const holds = claims.flatMap(
    (claim, index) => engine.holds.begin(claim, terms, grants[index], grants[index].since ?? sentAt) ?? [],
  )
  if (holds.length < claims.length) {
    releaseAll(engine, holds)
    throw tooLate(engine, claims)
  }
  for (const hold of holds) announce(engine, hold, sentAt.monotonicMs)
  return holds
}

async function tryInOrder(
  engine: Engine,
  keys: readonly string[],
  terms: WaitTerms,
): Promise<readonly Hold[] | undefined> {
  return takeEach(engine, keys, (key) => tryAcquire(engine, key, terms))
}

async function acquireInOrder(
  engine: Engine,
  keys: readonly string[],
  terms: WaitTerms,
  startedMs: number,
): Promise<readonly Hold[]> {
  const takeNext = (key: string) =>
    acquire(engine, key, { ...terms, autoRenew: true, waitMs: waitLeft(engine, terms, startedMs) })
  const holds = await takeEach(engine, [...keys].sort(), takeNext)
  if (terms.autoRenew) return holds
  try {
    // The first of them have been held for a while: all begin with the full TTL.
    await engine.renewals.renewNow(holds.filter((hold) => engine.holds.isValid(hold)))
  } catch (error) {
    releaseAll(engine, holds)
    throw error
  }
  for (const hold of holds) engine.holds.stopRenewing(hold)
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
      if (hold === undefined) return undefined as Taken extends undefined ? undefined : never
      taken.push(hold)
    }
    complete = true
    return taken
  } finally {
    if (!complete) releaseAll(engine, taken)
  }
}

function waitLeft(engine: Engine, { waitMs }: WaitTerms, startedMs: number): number | undefined {
  return waitMs === undefined ? undefined : Math.max(0, waitMs - (engine.clock.now().monotonicMs - startedMs))
}

/** Errors of these releases reach the observer; what the server keeps is gone within one TTL. */
function releaseAll(engine: Engine, holds: readonly Hold[]): void {
  for (const hold of holds) {
    if (hold.state === 'held')
      engine.inBackground(
        engine.release(hold).then(
          () => {},
          () => {},
        ),
      )
  }
}
