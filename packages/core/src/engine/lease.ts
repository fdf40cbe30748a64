import type { Lease, LeaseHandle, ReleaseOutcome } from '../api.ts'
import { assertHandOff } from './bench.ts'
import { makeHandle } from './handle.ts'
import type { Hold } from './hold.ts'
import { run } from './run.ts'

/** What users see of a `Hold`. */
export class HeldLease implements Lease {
  readonly #hold: Hold

  constructor(hold: Hold) {
    this.#hold = hold
  }

  /** Of this copy of the package: others have no such hold. */
  static of(lease: Lease): Hold | undefined {
    return #hold in Object(lease) ? (lease as HeldLease).#hold : undefined
  }

  get key(): string {
    return this.#hold.key
  }

  get fencingToken(): bigint {
    return this.#hold.fencingToken
  }

  get slots(): readonly number[] {
    return this.#hold.slots
  }

  get remainingMs(): number {
    return this.#hold.isValid() ? this.#hold.remainingMs() : 0
  }

  get signal(): AbortSignal {
    return this.#hold.warning.signal
  }

  assertHeld(minRemainingMs?: number): void {
    this.#hold.assertValid(minRemainingMs)
  }

  renew(): Promise<void> {
    return this.#hold.renew()
  }

  run<T>(work: (lease: Lease) => Promise<T> | T): Promise<T> {
    return run(this.#hold.hall, [this.#hold], () => work(this))
  }

  release(): Promise<ReleaseOutcome> {
    return this.#hold.giveUp()
  }

  handOff(): LeaseHandle {
    assertHandOff(this.#hold.hall)
    this.assertHeld()
    this.#hold.handOff()
    return makeHandle(this.#hold)
  }

  /** Never throws: what went wrong was told to the observer. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch(() => {})
  }
}

/** For what is offered as a function of its own, so that a bundle carries only what is used. */
export function holdOf(lease: Lease): Hold {
  const hold = HeldLease.of(lease)
  if (hold) return hold
  throw new TypeError('a lease must be one of this copy of the package')
}
