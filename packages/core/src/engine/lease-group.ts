import type { Lease, LeaseGroup, LeaseHandle, ReleaseOutcome } from '../api.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { HeldLease } from './lease.ts'
import { allowManyListeners } from './many-listeners.ts'
import { run } from './run.ts'

export class HeldLeases implements LeaseGroup {
  readonly leases: readonly Lease[]
  readonly #hall: LockHall
  readonly #holds: readonly Hold[]
  #signal: AbortSignal | undefined

  constructor(hall: LockHall, holds: readonly Hold[]) {
    this.leases = holds.map((hold) => new HeldLease(hold))
    this.#hall = hall
    this.#holds = holds
  }

  get remainingMs(): number {
    return Math.min(...this.leases.map((lease) => lease.remainingMs))
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      this.#signal = AbortSignal.any(this.leases.map((lease) => lease.signal))
      allowManyListeners(this.#signal)
    }
    return this.#signal
  }

  get(key: string): Lease | undefined {
    return this.leases.find((lease) => lease.key === key)
  }

  async renew(): Promise<void> {
    await Promise.all(this.leases.map((lease) => lease.renew()))
  }

  assertHeld(minRemainingMs?: number): void {
    for (const lease of this.leases) lease.assertHeld(minRemainingMs)
  }

  run<T>(work: (group: LeaseGroup) => Promise<T> | T): Promise<T> {
    return run(this.#hall, this.#holds, () => work(this))
  }

  async release(): Promise<ReleaseOutcome> {
    const releases = this.leases.map((lease) => lease.release())
    // All have ended before the first failure is told.
    await Promise.allSettled(releases)
    const outcomes = await Promise.all(releases)
    return outcomes.includes('lost') ? 'lost' : (outcomes[0] as ReleaseOutcome)
  }

  handOff(): LeaseHandle[] {
    // All are looked at first, so that none is handed off alone.
    this.assertHeld()
    return this.leases.map((lease) => lease.handOff())
  }

  [Symbol.iterator](): Iterator<Lease> {
    return this.leases[Symbol.iterator]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch(() => {})
  }
}
