import type { Lease, LeaseHandle, ReleaseOutcome } from '../api.ts'
import type { Bench } from './bench.ts'
import { makeHandle } from './handle.ts'
import type { Hold } from './hold.ts'

/** What users see of a `Hold`. */
export class HeldLease implements Lease {
  readonly #bench: Bench
  readonly #hold: Hold

  constructor(bench: Bench, hold: Hold) {
    this.#bench = bench
    this.#hold = hold
  }

  get key(): string {
    return this.#hold.key
  }

  get fencingToken(): bigint {
    return this.#hold.fencingToken
  }

  get remainingMs(): number {
    return this.#hold.isValid() ? this.#hold.remainingMs() : 0
  }

  get signal(): AbortSignal {
    return this.#hold.signal
  }

  assertHeld(minRemainingMs?: number): void {
    this.#hold.assertValid(minRemainingMs)
  }

  renew(): Promise<void> {
    return this.#hold.renew()
  }

  async release(): Promise<ReleaseOutcome> {
    const { state } = this.#hold
    if (state === 'handed-off') return state
    // Released already: by an earlier call, by `close`, or by another lease of the same claim. The answer is the same.
    if (state !== 'released' && !this.#hold.isValid()) return 'lost'
    return (await this.#hold.release()) ? 'released' : 'lost'
  }

  handOff(): LeaseHandle {
    this.#bench.assertHandOff()
    this.assertHeld()
    this.#hold.handOff()
    return makeHandle(this.#hold)
  }

  /** Never throws: what went wrong was told to the observer. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch(() => {})
  }
}
