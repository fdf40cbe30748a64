import type { HoldOptions, LeaseGroup, LockGroup, Locks } from '../api.ts'
import { acquireAll, tryAcquireAll } from './acquire-all.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { assertNotUnder } from './holding-context.ts'
import { assertKeys } from './key.ts'
import { HeldLeases } from './lease-group.ts'
import { Holdable } from './lockable.ts'
import { hallOf } from './locks.ts'
import type { WaitTerms } from './options.ts'

/**
 * All of these keys, or none. No I/O. One attempt where the backend can take several at once; else they are taken in one global order, so that callers cannot deadlock each other. Throws
 * `TypeError` or `RangeError` for keys and options that break a rule.
 */
export function allOf(locks: Locks, keys: readonly string[], defaults?: HoldOptions): LockGroup {
  return new NamedLocks(hallOf(locks), keys, defaults)
}

class NamedLocks extends Holdable<LeaseGroup> implements LockGroup {
  readonly keys: readonly string[]

  constructor(hall: LockHall, keys: readonly string[], defaults: HoldOptions | undefined) {
    assertKeys(keys)
    super(hall, defaults)
    this.keys = [...keys]
  }

  protected async attempt(hall: LockHall, terms: WaitTerms): Promise<LeaseGroup | null> {
    const holds = await tryAcquireAll(hall, this.keys, terms)
    return holds ? this.#group(hall, holds) : null
  }

  protected async wait(hall: LockHall, terms: WaitTerms): Promise<LeaseGroup> {
    for (const key of this.keys) assertNotUnder(hall.validAt(key), terms)
    return this.#group(hall, await acquireAll(hall, this.keys, terms))
  }

  /** In the order of the keys that were asked for. */
  #group(hall: LockHall, holds: readonly Hold[]): LeaseGroup {
    const byKey = new Map(holds.map((hold) => [hold.key, hold]))
    return new HeldLeases(
      hall,
      this.keys.map((key) => byKey.get(key) as Hold),
    )
  }
}
