import type { AcquireOptions, HoldOptions, Lease, Locks, PermitOptions, Semaphore } from '../api.ts'
import type { LockHall } from './hall.ts'
import { assertKey } from './key.ts'
import { hallOf } from './locks.ts'
import { assertObject, parseCount, parsePermits } from './options.ts'
import { PartOfKey } from './shared-lock.ts'

type Work<T> = (lease: Lease) => Promise<T> | T

/**
 * `count` permits of a key, from 1 to 10 000: so many holders at once, fewer where some take several. Each permit is a slot with a number, whose fencing tokens increase. Processes that
 * see different counts need no agreement: each takes slots below its own. Nobody overtakes the line. No I/O. Throws `TypeError` or `RangeError` for what breaks a rule. Asking is
 * `UNSUPPORTED` where the backend has no permits.
 */
export function semaphore(locks: Locks, key: string, count: number, defaults?: HoldOptions): Semaphore {
  return new CountedPermits(hallOf(locks), key, count, defaults)
}

/** A bare number of permits would be one permit, silently. */
function assured<Options>(options: Options): Options {
  assertObject('options', options)
  return options
}

class CountedPermits implements Semaphore {
  readonly key: string
  readonly count: number
  readonly #hall: LockHall
  readonly #defaults: HoldOptions | undefined

  constructor(hall: LockHall, key: string, count: number, defaults: HoldOptions | undefined) {
    assertKey(key)
    this.key = key
    this.count = parseCount(count)
    this.#hall = hall
    this.#defaults = defaults
    // What is wrong with the defaults is said here.
    this.#taking(1)
  }

  async tryAcquire(asked: HoldOptions & PermitOptions = {}): Promise<Lease | null> {
    const { permits, ...options } = assured(asked)
    return this.#taking(permits).tryAcquire(options)
  }

  async acquire(asked: AcquireOptions & PermitOptions = {}): Promise<Lease> {
    const { permits, ...options } = assured(asked)
    return this.#taking(permits).acquire(options)
  }

  async run<T>(...args: [Work<T>] | [AcquireOptions & PermitOptions, Work<T>]): Promise<T> {
    const [asked, work] = args.length === 1 ? [{} as AcquireOptions & PermitOptions, args[0]] : args
    const { permits, ...options } = assured(asked)
    return this.#taking(permits).run(options, work)
  }

  #taking(permits: number | undefined): PartOfKey {
    const share = { kind: 'permits' as const, take: parsePermits(permits, this.count), of: this.count }
    return new PartOfKey(this.#hall, this.key, share, this.#defaults)
  }
}
