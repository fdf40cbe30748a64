import type { Lease, LeaseHandle, ReleaseOutcome } from '../api.ts'
import { leaseError } from '../errors.ts'
import type { Engine } from './engine.ts'
import { makeHandle } from './handle.ts'
import type { Hold } from './hold.ts'

/** What users see of a `Hold`. */
export class HeldLease implements Lease {
  readonly #engine: Engine
  readonly #hold: Hold

  constructor(engine: Engine, hold: Hold) {
    this.#engine = engine
    this.#hold = hold
  }

  get key(): string {
    return this.#hold.claim.key
  }

  get fencingToken(): bigint {
    return this.#hold.fencingToken
  }

  get remainingMs(): number {
    const { holds, clock } = this.#engine
    return holds.isValid(this.#hold) ? this.#hold.remainingMs(clock.now()) : 0
  }

  get signal(): AbortSignal {
    return this.#hold.signal
  }

  assertHeld(minRemainingMs = 0): void {
    const { key, remainingMs } = this
    if (remainingMs <= 0) throw this.#hold.endError
    if (remainingMs >= minRemainingMs) return
    throw leaseError('LEASE_EXPIRING', key, `is valid for ${remainingMs} ms, less than ${minRemainingMs}`)
  }

  async renew(): Promise<void> {
    this.assertHeld()
    await this.#engine.renewals.renewNow(this.#hold)
    this.assertHeld()
  }

  async release(): Promise<ReleaseOutcome> {
    const { state } = this.#hold
    if (state === 'handed-off') return state
    // Released already: by an earlier call, by `close`, or by another lease of the same claim. The answer is the same.
    if (state !== 'released' && !this.#engine.holds.isValid(this.#hold)) return 'lost'
    return (await this.#engine.release(this.#hold)) ? 'released' : 'lost'
  }

  handOff(): LeaseHandle {
    this.#engine.assertHandOff()
    this.assertHeld()
    // The handle speaks of the full TTL: so must the server.
    if (!this.#hold.confirmed) void this.#engine.renewals.renewNow(this.#hold).catch(() => {})
    this.#engine.holds.end(this.#hold, 'handed-off')
    this.#engine.tell('handed-off', this.#hold, {})
    this.#engine.queues.advance(this.key)
    return makeHandle(this.#hold)
  }

  /** Never throws: what went wrong was told to the observer. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch(() => {})
  }
}
