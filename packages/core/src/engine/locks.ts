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
} from '../api.ts'
import type { LockBackend } from '../contract.ts'
import { closedError, type LeaseholdError } from '../errors.ts'
import { acquireAll, tryAcquireAll } from './acquire-all.ts'
import { Engine } from './engine.ts'
import type { Hold } from './hold.ts'
import { assertNotUnder } from './holding-context.ts'
import { assertKey, assertKeys } from './key.ts'
import { HeldLease } from './lease.ts'
import { HeldLeases } from './lease-group.ts'
import { NamedLock } from './lock.ts'
import { assertBackend, parseLocks, parseTerms } from './options.ts'
import { resume } from './resume.ts'

/**
 * Locks kept by `backend`, as one process sees them. No I/O until a lock is used. The result owns the backend: closing
 * one closes the other. Throws `TypeError` or `RangeError` for options that break a rule.
 */
export function createLocks(backend: LockBackend, options?: LocksOptions): Locks {
  assertBackend('a backend', backend)
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
    for (const key of keys) assertNotUnder(this.#engine.holds.valid(key), terms)
    return this.#group(keys, await acquireAll(this.#engine, keys, terms))
  }

  async tryAcquireAll(keys: readonly string[], options?: HoldOptions): Promise<LeaseGroup | null> {
    assertKeys(keys)
    const terms = parseTerms(this.#engine.options, options)
    const holds = await tryAcquireAll(this.#engine, keys, terms)
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
    const engine = this.#engine
    const { backend, requests, options, queues, holds, scheduler, outstanding, unreleased } = engine
    engine.closed = true
    const closed = closedError()
    queues.giveUpAll(closed)
    const held = [...holds]
    // All have ended before the first holder is told: a listener finds nothing left to hand off or release.
    const releasing = held.map((hold) => engine.release(hold))
    for (const hold of held) hold.cutShort(closed)
    const releases = await Promise.allSettled(releasing)
    await outstanding.none()
    const released = releases.filter((end) => end.status === 'fulfilled' && end.value).length
    const closing = requests.ask({
      what: 'close',
      claims: [],
      timeoutMs: options.requestTimeoutMs,
      send: async () => backend.close?.(),
    })
    const backendError = await closing.then(
      () => undefined,
      (error: LeaseholdError) => error,
    )
    scheduler.stop()
    outstanding.stop()
    return { released, unreleased, backendError }
  }

  /** In the order of the keys that were asked for. */
  #group(keys: readonly string[], holds: readonly Hold[]): LeaseGroup {
    const byKey = new Map(holds.map((hold) => [hold.claim.key, hold]))
    return new HeldLeases(keys.map((key) => new HeldLease(this.#engine, byKey.get(key) as Hold)))
  }
}
