import type { CloseOptions, CloseReport, HoldOptions, Lock, Locks, LocksOptions } from '../api.ts'
import type { LockBackend } from '../contract.ts'
import { Bench } from './bench.ts'
import { close } from './close.ts'
import { Endings } from './endings.ts'
import { LockHall } from './hall.ts'
import { NamedLock } from './lock.ts'
import { assertBackend, type EngineOptions, parseClose, parseLocks } from './options.ts'
import { Renewals } from './renewals.ts'

/**
 * Locks kept by `backend`, as one process sees them. No I/O until a lock is used. The result owns the backend: closing
 * one closes the other. Throws `TypeError` or `RangeError` for options that break a rule.
 */
export function createLocks(backend: LockBackend, options?: LocksOptions): Locks {
  assertBackend('a backend', backend)
  if (served.has(backend)) throw new TypeError('a backend serves one createLocks, which owns it; make another')
  const hall = build(backend, parseLocks(options))
  served.add(backend)
  return new BackendLocks(hall)
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

  static hallOf(locks: Locks): LockHall {
    if (#hall in Object(locks)) return (locks as BackendLocks).#hall
    throw new TypeError('locks must be what createLocks gave, of the same copy of this package')
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
export const hallOf = (locks: Locks): LockHall => BackendLocks.hallOf(locks)
