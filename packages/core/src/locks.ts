import { acquireAll, tryAcquireAll } from './acquire-all.ts'
import type {
  AcquireOptions,
  CloseReport,
  HoldOptions,
  Lease,
  LeaseGroup,
  LeaseHandle,
  Lock,
  Locks,
  LocksOptions,
  ResumeOptions,
} from './api.ts'
import type { LockBackend } from './contract.ts'
import { Engine } from './engine.ts'
import { LeaseholdError } from './errors.ts'
import type { Hold } from './hold.ts'
import { acquireInContext } from './holding-context.ts'
import { assertKey, assertKeys } from './key.ts'
import { HeldLease } from './lease.ts'
import { HeldLeases } from './lease-group.ts'
import { NamedLock } from './lock.ts'
import { assertObject, parseLocks, parseTerms, type WaitTerms } from './options.ts'
import { resume } from './resume.ts'

/**
 * Locks kept by `backend`, as one process sees them. No I/O until a lock is used. The result owns the backend: closing
 * one closes the other. Throws `TypeError` or `RangeError` for options that break a rule.
 */
export function createLocks(backend: LockBackend, options?: LocksOptions): Locks {
  assertObject('a backend', backend)
  return new BackendLocks(new Engine(backend, parseLocks(options)))
}

class BackendLocks implements Locks {
  readonly #engine: Engine
  #closing: Promise<CloseReport> | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  lock(key: string, defaults?: HoldOptions): Lock {
    assertKey(key)
    return new NamedLock(this.#engine, key, parseTerms(this.#engine.options, defaults))
  }

  async acquireAll(keys: readonly string[], options?: AcquireOptions): Promise<LeaseGroup> {
    assertKeys(keys)
    const terms = parseTerms(this.#engine.options, options)
    this.#engine.assertOpen()
    terms.signal?.throwIfAborted()
    return this.#group(keys, await this.#inContext(keys, terms, () => acquireAll(this.#engine, keys, terms)))
  }

  async tryAcquireAll(keys: readonly string[], options?: HoldOptions): Promise<LeaseGroup | null> {
    assertKeys(keys)
    const terms = parseTerms(this.#engine.options, options)
    this.#engine.assertOpen()
    if (keys.some((key) => this.#engine.holds.valid(key) !== undefined)) return null
    const holds = await this.#inContext(keys, terms, () => tryAcquireAll(this.#engine, keys, terms))
    return holds ? this.#group(keys, holds) : null
  }

  async resume(handle: LeaseHandle, options?: ResumeOptions): Promise<Lease | null> {
    this.#engine.assertOpen()
    const hold = await resume(this.#engine, handle, options)
    return hold ? new HeldLease(this.#engine, hold) : null
  }

  close(): Promise<CloseReport> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<CloseReport> {
    const { queues, holds, scheduler, backend, requests, outstanding, unreleased } = this.#engine
    this.#engine.closed = true
    queues.giveUpAll(new LeaseholdError('CLOSED', 'these locks were closed'))
    const releases = await Promise.allSettled([...holds].map((hold) => this.#engine.release(hold)))
    await outstanding.none()
    let backendError: LeaseholdError | undefined
    try {
      await backend.close?.()
    } catch (error) {
      backendError = requests.wrap({ what: 'close', claims: [] }, error)
    }
    scheduler.stop()
    const released = releases.filter(({ status }) => status === 'fulfilled').length
    return { released, unreleased, backendError }
  }

  /** In the order of the keys that were asked for. */
  #group(keys: readonly string[], holds: readonly Hold[]): LeaseGroup {
    const byKey = new Map(holds.map((hold) => [hold.claim.key, hold]))
    return new HeldLeases(keys.map((key) => new HeldLease(this.#engine, byKey.get(key) as Hold)))
  }

  async #inContext<H extends readonly Hold[] | undefined>(
    keys: readonly string[],
    { whenHeld }: WaitTerms,
    acquire: () => Promise<H>,
  ): Promise<H> {
    return whenHeld === 'wait' ? acquire() : acquireInContext(this.#engine.holds, keys, acquire)
  }
}
