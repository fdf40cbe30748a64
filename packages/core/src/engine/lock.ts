import type { AcquireOptions, HoldOptions, Json, Lease, Lock, LockInspection } from '../api.ts'
import { leaseError } from '../errors.ts'
import { acquire, tryAcquire } from './acquire.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { assertNotUnder, workUnder } from './holding-context.ts'
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
    return hold ? new HeldLease(this.#hall.bench, hold) : null
  }

  async acquire(options?: AcquireOptions): Promise<Lease> {
    return new HeldLease(this.#hall.bench, await this.#acquire(options))
  }

  async run<T>(...args: [Work<T>] | [AcquireOptions, Work<T>]): Promise<T> {
    const [options, work] = args.length === 1 ? [undefined, args[0]] : args
    if (typeof work !== 'function') throw new TypeError('work must be a function')
    const hold = await this.#acquire(options)
    const lease = new HeldLease(this.#hall.bench, hold)
    let end: string
    let result: T
    try {
      result = await workUnder(hold, () => work(lease))
    } finally {
      // An error here has reached the observer; it must not replace what the work returned or threw.
      end = await lease.release().catch(() => 'unknown')
    }
    if (hold.interruption) throw hold.interruption
    if (end === 'lost') throw leaseError('LEASE_LOST', this.key, 'is lost: its work outlived it')
    return result
  }

  async inspect(): Promise<LockInspection | null> {
    const { bench, requests } = this.#hall
    const { backend, options } = bench
    bench.assertOpen()
    if (!backend.inspect) throw bench.unsupported('inspect')
    const { answer } = await requests.ask({
      what: 'inspect',
      claims: [{ key: this.key, holder: '' }],
      timeoutMs: options.requestTimeoutMs,
      send: async () => {
        const found = await backend.inspect?.(this.key)
        return found ? { ...found, metadata: found.metadata && (JSON.parse(found.metadata) as Json) } : null
      },
    })
    return answer
  }

  #acquire(options: AcquireOptions | undefined): Promise<Hold> {
    const terms = parseWait(this.#defaults, options)
    assertNotUnder(this.#hall.valid(this.key), terms)
    return acquire(this.#hall, this.key, terms)
  }
}
