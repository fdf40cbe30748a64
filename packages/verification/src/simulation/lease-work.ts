import type { Lease } from '@leasehold/core'
import type { Host } from './host.ts'
import type { LeaseEntry } from './lease-book.ts'
import type { RunContext } from './run-context.ts'

/** What a caller does while it has a lease, or believes so. */
export class LeaseWork {
  readonly #run: RunContext
  readonly #host: Host

  constructor(run: RunContext, host: Host) {
    this.#run = run
    this.#host = host
  }

  /** Works for a while. Resolves with whether every write is known to be over: only then may another go on with the same token. */
  async during(entry: LeaseEntry, lease: Lease): Promise<boolean> {
    const { prng } = this.#host
    for (let steps = prng.integer(0, 3); steps > 0 && !this.#host.stopping; steps -= 1) {
      const step = prng.pick(['sleep', 'write', 'write', 'renew'])
      if (step === 'sleep') await this.#host.sleep(this.#duration())
      if (step === 'renew') await this.#renew(lease)
      if (step === 'write' && !(await this.#update(entry, lease))) return false
    }
    return true
  }

  async #renew(lease: Lease): Promise<void> {
    await lease
      .renew()
      .catch((error: unknown) => this.#orThrow(error, ['LEASE_LOST', 'LEASE_ENDED', 'BACKEND_UNAVAILABLE', 'CLOSED']))
  }

  /** Reads, thinks and writes. False: it is not known what became of it. */
  async #update(entry: LeaseEntry, lease: Lease): Promise<boolean> {
    const { prng, resource } = this.#host
    // Two leases of one claim have one token: the resource could not tell their writes apart.
    if (this.#run.book.isShared(entry)) return true
    const cell = cellOf(entry)
    // Readers write nothing.
    if (cell === undefined) return true
    const careful = prng.chance(0.7)
    if (careful && lease.remainingMs <= 0) return true
    const values = await resource.read(cell, entry.token).catch((error: unknown) => this.#refused(error))
    if (typeof values === 'boolean') return values
    await this.#host.sleep(this.#duration())
    // The check and the write are two steps: between them a process may stand still.
    if (careful && lease.remainingMs <= 0) return true
    return resource.write(cell, entry.token, values).then(
      () => true,
      (error: unknown) => this.#writeRefused(error, entry),
    )
  }

  #writeRefused(error: unknown, { key, token }: LeaseEntry): boolean {
    const refused = this.#refused(error)
    if (!refused) return false
    this.#run.trace?.note(this.#host.name, `the resource refuses a write of ${key} with token ${token}`)
    this.#run.counters.staleWriteRefused += 1
    return true
  }

  #refused(error: unknown): boolean {
    return this.#run.engine.isLeaseholdError(error, 'STALE_TOKEN')
  }

  #orThrow(
    error: unknown,
    expected: readonly ('LEASE_LOST' | 'LEASE_ENDED' | 'BACKEND_UNAVAILABLE' | 'CLOSED')[],
  ): void {
    if (!expected.some((code) => this.#run.engine.isLeaseholdError(error, code))) throw error
  }

  #duration(): number {
    const { prng } = this.#host
    const ttlMs = prng.pick(this.#run.scenario.ttlsMs)
    return prng.pick([
      prng.between([0, ttlMs / 20]),
      prng.between([0, ttlMs / 2]),
      prng.between([ttlMs / 2, ttlMs * 1.5]),
    ])
  }
}

/** What it may write to: the resource of its key, or of its first slot. */
const cellOf = ({ key, part: { kind, slots } }: LeaseEntry): string | undefined => {
  if (kind === undefined) return key
  return kind === 'permits' ? `${key} slot ${slots[0]}` : undefined
}
