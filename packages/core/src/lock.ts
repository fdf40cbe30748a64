import { acquire, tryAcquire } from './acquire.ts'
import type { AcquireOptions, HoldOptions, Json, Lease, Lock, LockInspection } from './api.ts'
import type { Engine } from './engine.ts'
import { LeaseholdError } from './errors.ts'
import type { Hold } from './hold.ts'
import { acquireInContext } from './holding-context.ts'
import { HeldLease } from './lease.ts'
import { parseTerms, type WaitTerms } from './options.ts'

type Work<T> = (lease: Lease) => Promise<T> | T

export class NamedLock implements Lock {
  readonly key: string
  readonly #engine: Engine
  readonly #defaults: WaitTerms

  constructor(engine: Engine, key: string, defaults: WaitTerms) {
    this.#engine = engine
    this.key = key
    this.#defaults = defaults
  }

  async tryAcquire(options?: HoldOptions): Promise<Lease | null> {
    const terms = parseTerms(this.#defaults, options)
    this.#engine.assertOpen()
    if (this.#engine.holds.valid(this.key) !== undefined) return null
    const hold = await this.#inContext(terms, () => tryAcquire(this.#engine, this.key, terms))
    return hold ? new HeldLease(this.#engine, hold) : null
  }

  async acquire(options?: AcquireOptions): Promise<Lease> {
    const terms = parseTerms(this.#defaults, options)
    this.#engine.assertOpen()
    terms.signal?.throwIfAborted()
    return new HeldLease(this.#engine, await this.#inContext(terms, () => acquire(this.#engine, this.key, terms)))
  }

  async run<T>(...args: [Work<T>] | [AcquireOptions, Work<T>]): Promise<T> {
    const [options, work] = args.length === 1 ? [undefined, args[0]] : args
    if (typeof work !== 'function') throw new TypeError('run needs a function to run')
    const lease = await this.acquire(options)
    let end: string
    let result: T
    try {
      result = await work(lease)
    } finally {
      // An error here has reached the observer; it must not replace what the work returned or threw.
      end = await lease.release().catch(() => 'unknown')
    }
    if (end === 'lost')
      throw new LeaseholdError('LEASE_LOST', `the work under ${JSON.stringify(this.key)} outlived its lease`, {
        key: this.key,
      })
    return result
  }

  async inspect(): Promise<LockInspection | null> {
    const { backend, requests, options } = this.#engine
    this.#engine.assertOpen()
    if (backend.inspect === undefined)
      throw new LeaseholdError('UNSUPPORTED', `${backend.name} cannot inspect a lock`, { key: this.key })
    const found = await requests.ask({
      what: 'inspect',
      claims: [{ key: this.key, holder: '' }],
      timeoutMs: options.requestTimeoutMs,
      send: async () => (await backend.inspect?.(this.key)) ?? null,
    })
    return (
      found && { ...found, metadata: found.metadata === undefined ? undefined : (JSON.parse(found.metadata) as Json) }
    )
  }

  /** Without the note where the caller asked to wait for itself. */
  async #inContext<H extends Hold | undefined>({ whenHeld }: WaitTerms, acquire: () => Promise<H>): Promise<H> {
    return whenHeld === 'wait' ? acquire() : acquireInContext(this.#engine.holds, [this.key], acquire)
  }
}
