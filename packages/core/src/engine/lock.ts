import type { HoldOptions, Lease, Lock, LockInspection } from '../api.ts'
import { acquire, tryAcquire } from './acquire.ts'
import { assertOpen } from './bench.ts'
import type { LockHall } from './hall.ts'
import { assertNotUnder } from './holding-context.ts'
import { inspect, shown } from './inspect.ts'
import { assertKey } from './key.ts'
import { HeldLease } from './lease.ts'
import { Holdable } from './lockable.ts'
import type { WaitTerms } from './options.ts'

export class NamedLock extends Holdable<Lease> implements Lock {
  readonly key: string
  readonly #hall: LockHall

  constructor(hall: LockHall, key: string, defaults: HoldOptions | undefined) {
    assertKey(key)
    super(hall, defaults)
    this.key = key
    this.#hall = hall
  }

  protected async attempt(hall: LockHall, terms: WaitTerms): Promise<Lease | null> {
    const hold = await tryAcquire(hall, this.key, terms)
    return hold ? new HeldLease(hold) : null
  }

  protected async wait(hall: LockHall, terms: WaitTerms): Promise<Lease> {
    assertNotUnder(hall.validAt(this.key), terms)
    return new HeldLease(await acquire(hall, this.key, terms))
  }

  async inspect(): Promise<readonly LockInspection[]> {
    assertOpen(this.#hall)
    return inspect(this.#hall, this.key, (found) => found.map(shown))
  }
}
