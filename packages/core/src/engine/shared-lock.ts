import type { HoldOptions, Lease, Lockable, Locks } from '../api.ts'
import type { Share } from '../contract.ts'
import { acquire, tryAcquire } from './acquire.ts'
import { unsupported } from './bench.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { assertNotUnder, ownAmong } from './holding-context.ts'
import { assertKey } from './key.ts'
import { HeldLease } from './lease.ts'
import { Holdable } from './lockable.ts'
import { hallOf } from './locks.ts'
import type { WaitTerms } from './options.ts'
import { sharesOf } from './shares.ts'

/**
 * The shared side of a lock, as readers want it: any number of them hold the key together, and `locks.named(key)` excludes them all. Nobody overtakes the line: a writer who waits is not
 * passed by readers who come later. No I/O. Throws `TypeError` or `RangeError` for a key that breaks a rule. Asking is `UNSUPPORTED` where the backend has no shared holds.
 */
export function shared(locks: Locks, key: string, defaults?: HoldOptions): Lockable<Lease> {
  assertKey(key)
  return new PartOfKey(hallOf(locks), key, { kind: 'shared' }, defaults)
}

/** As much of a key as `share` says. */
export class PartOfKey extends Holdable<Lease> {
  readonly #key: string

  constructor(hall: LockHall, key: string, share: Share, defaults: HoldOptions | undefined) {
    super(hall, defaults, share)
    this.#key = key
    sharesOf(hall)
  }

  protected async attempt(hall: LockHall, terms: WaitTerms): Promise<Lease | null> {
    assertOffered(hall, terms)
    const hold = await tryAcquire(hall, this.#key, terms)
    return hold ? new HeldLease(hold) : null
  }

  protected async wait(hall: LockHall, terms: WaitTerms): Promise<Lease> {
    assertOffered(hall, terms)
    const held = hall.validAt(this.#key)
    if (!areEnough(ownAmong(held), terms)) assertNotUnder(held, terms)
    return new HeldLease(await acquire(hall, this.#key, terms))
  }
}

const names: Readonly<Record<Share['kind'], string>> = { shared: 'share holds', permits: 'count permits' }

function assertOffered(hall: LockHall, { share }: WaitTerms): void {
  const { shares = [] } = hall.backend.capabilities
  if (share && !shares.includes(share.kind)) throw unsupported(hall, names[share.kind])
}

/** Permits stand beside those that the same work has. One who reads and would read once more waits for a writer, who waits for him. */
function areEnough(own: readonly Hold[], { share }: WaitTerms): boolean {
  const taken = own.flatMap(({ slots }) => slots)
  if (share?.kind !== 'permits' || taken.length === 0) return false
  // Under another count, it may have slots that are none of these.
  return taken.filter((slot) => slot < share.of).length + share.take <= share.of
}
