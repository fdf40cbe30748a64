import type { AcquireOptions, HoldOptions, Json, Lease, Lock, LockInspection } from '../api.ts'
import { acquire, tryAcquire } from './acquire.ts'
import type { LockHall } from './hall.ts'
import { assertNotUnder } from './holding-context.ts'
import { inspect } from './inspect.ts'
import { HeldLease } from './lease.ts'
import { parseHold, parseWait, type WaitTerms } from './options.ts'

type Work<T> = (lease: Lease) => Promise<T> | T

export class NamedLock implements Lock {
  readonly key: string
  readonly #hall: LockHall
  readonly #defaults: WaitTerms

  constructor(hall: LockHall, key: string, defaults: WaitTerms) {
    this.#hall = hall
    this.key = key
    this.#defaults = defaults
  }

  async tryAcquire(options?: HoldOptions): Promise<Lease | null> {
    const terms = parseHold(this.#defaults, options)
    const hold = await tryAcquire(this.#hall, this.key, terms)
    return hold ? new HeldLease(this.#hall, hold) : null
  }

  async acquire(options?: AcquireOptions): Promise<Lease> {
    const terms = parseWait(this.#defaults, options)
    assertNotUnder(this.#hall.valid(this.key), terms)
    return new HeldLease(this.#hall, await acquire(this.#hall, this.key, terms))
  }

  async run<T>(...args: [Work<T>] | [AcquireOptions, Work<T>]): Promise<T> {
    const [options, work] = args.length === 1 ? [undefined, args[0]] : args
    if (typeof work !== 'function') throw new TypeError('work must be a function')
    const lease = await this.acquire(options)
    return lease.run(work)
  }

  async inspect(): Promise<LockInspection | null> {
    this.#hall.bench.assertOpen()
    return inspect(this.#hall, this.key, (found) =>
      found ? { ...found, metadata: found.metadata && (JSON.parse(found.metadata) as Json) } : null,
    )
  }
}
