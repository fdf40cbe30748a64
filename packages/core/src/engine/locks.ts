import type {
  AcquireOptions,
  CloseOptions,
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
import { acquireAll, tryAcquireAll } from './acquire-all.ts'
import { Bench } from './bench.ts'
import { close } from './close.ts'
import { Endings } from './endings.ts'
import { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { assertNotUnder } from './holding-context.ts'
import { assertKey, assertKeys } from './key.ts'
import { HeldLease } from './lease.ts'
import { HeldLeases } from './lease-group.ts'
import { NamedLock } from './lock.ts'
import { assertBackend, type EngineOptions, parseClose, parseHold, parseLocks, parseWait } from './options.ts'
import { Renewals } from './renewals.ts'
import { resume } from './resume.ts'

/**
 * Locks kept by `backend`, as one process sees them. No I/O until a lock is used. The result owns the backend: closing
 * one closes the other. Throws `TypeError` or `RangeError` for options that break a rule.
 */
export function createLocks(backend: LockBackend, options?: LocksOptions): Locks {
  assertBackend('a backend', backend)
  if (served.has(backend)) throw new TypeError('a backend serves one createLocks, which owns it; make another')
  served.add(backend)
  return new BackendLocks(build(backend, parseLocks(options)))
}

/** Two owners would each be told half of its losses, and the first to close it would take it from the other. */
const served = new WeakSet<LockBackend>()

/** The parts, from the ground up. */
function build(backend: LockBackend, options: EngineOptions): LockHall {
  const bench = new Bench(backend, options, () => renewals.flush())
  const renewals = new Renewals(bench)
  return new LockHall(bench, renewals, new Endings(bench))
}

class BackendLocks implements Locks {
  readonly #hall: LockHall
  #closing: Promise<CloseReport> | undefined

  constructor(hall: LockHall) {
    this.#hall = hall
  }

  named(key: string, defaults?: HoldOptions): Lock {
    assertKey(key)
    return new NamedLock(this.#hall, key, parseHold(this.#hall.bench.options, defaults))
  }

  async acquireAll(keys: readonly string[], options?: AcquireOptions): Promise<LeaseGroup> {
    assertKeys(keys)
    const terms = parseWait(this.#hall.bench.options, options)
    for (const key of keys) assertNotUnder(this.#hall.valid(key), terms)
    return this.#group(keys, await acquireAll(this.#hall, keys, terms))
  }

  async tryAcquireAll(keys: readonly string[], options?: HoldOptions): Promise<LeaseGroup | null> {
    assertKeys(keys)
    const terms = parseHold(this.#hall.bench.options, options)
    const holds = await tryAcquireAll(this.#hall, keys, terms)
    return holds ? this.#group(keys, holds) : null
  }

  async resume(handle: LeaseHandle, options?: ResumeOptions): Promise<Lease | null> {
    this.#hall.bench.assertOpen()
    const hold = await resume(this.#hall, handle, options)
    return hold ? new HeldLease(this.#hall, hold) : null
  }

  async close(options?: CloseOptions): Promise<CloseReport> {
    const { drainMs } = parseClose(options)
    this.#closing ??= close(this.#hall, drainMs)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** In the order of the keys that were asked for. */
  #group(keys: readonly string[], holds: readonly Hold[]): LeaseGroup {
    const byKey = new Map(holds.map((hold) => [hold.key, hold]))
    return new HeldLeases(
      this.#hall,
      keys.map((key) => byKey.get(key) as Hold),
    )
  }
}
