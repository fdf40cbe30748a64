import type { Clock } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import { isOfMember } from './errors.ts'

/** How long after one that nobody answered the next is sent. */
const AGAIN_MS = 1000

/** Ends etcd leases that nothing hangs on. Where the end of one is not known, it is asked for again: one of an hour would stay that long. */
export class Revocations {
  readonly #connection: EtcdConnection
  readonly #clock: Clock
  /** By etcd lease, those that are to be asked for again. */
  readonly #owed = new Map<string, () => void>()
  #closed = false

  constructor(connection: EtcdConnection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  /** `ttlMs`: then it has run out by itself. */
  begin(leaseId: string, ttlMs: number): void {
    this.#connection.revoke(leaseId).catch((error: unknown) => {
      // What else etcd says is that it is gone, or that it will not.
      if (!isOfMember(error) || this.#closed || ttlMs <= AGAIN_MS) return
      const again = () => {
        this.#owed.delete(leaseId)
        this.begin(leaseId, ttlMs - AGAIN_MS)
      }
      this.#owed.set(leaseId, this.#clock.setTimer(AGAIN_MS, again))
    })
  }

  /** Asks for those once more. */
  async close(): Promise<void> {
    this.#closed = true
    const owed = [...this.#owed]
    this.#owed.clear()
    for (const [, cancel] of owed) cancel()
    await Promise.allSettled(owed.map(([leaseId]) => this.#connection.revoke(leaseId)))
  }
}
