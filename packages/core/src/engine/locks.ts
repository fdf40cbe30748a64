import type { CloseOptions, CloseReport, HoldOptions, Lock, Locks, LocksOptions } from '../api.ts'
import type { LockBackend } from '../contract.ts'
import { close } from './close.ts'
import { LockHall } from './hall.ts'
import { NamedLock } from './lock.ts'
import { assertBackend, parseClose, parseLocks } from './options.ts'

/**
 * Locks kept by `backend`, as one process sees them. No I/O until a lock is used. The result owns the backend: closing
 * one closes the other. Throws `TypeError` or `RangeError` for options that break a rule.
 */
export function createLocks(backend: LockBackend, options?: LocksOptions): Locks {
  assertBackend('a backend', backend)
  if (served.has(backend)) throw new TypeError('a backend serves one createLocks: make another')
  const hall = new LockHall(backend, parseLocks(options))
  served.add(backend)
  return new BackendLocks(hall)
}

/** Two owners would each be told half of its losses, and the first to close it would take it from the other. */
const served = new WeakSet<LockBackend>()

class BackendLocks implements Locks {
  readonly #hall: LockHall
  #closing: Promise<CloseReport> | undefined

  constructor(hall: LockHall) {
    this.#hall = hall
  }

  /** Of this copy of the package: others have no such hall. */
  static hallOf(locks: Locks): LockHall | undefined {
    return #hall in Object(locks) ? (locks as BackendLocks).#hall : undefined
  }

  named(key: string, defaults?: HoldOptions): Lock {
    return new NamedLock(this.#hall, key, defaults)
  }

  async close(options?: CloseOptions): Promise<CloseReport> {
    const { drainMs } = parseClose(options)
    this.#closing ??= close(this.#hall, drainMs)
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** For what is offered as a function of its own, so that a bundle carries only what is used. */
export function hallOf(locks: Locks): LockHall {
  const hall = BackendLocks.hallOf(locks)
  if (hall) return hall
  throw new TypeError('locks must be what createLocks gave, of the same copy of this package')
}
