import type { Clock } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import { isPassing, isUnknown } from './errors.ts'

/** How long after one that nobody answered the next is sent. */
const AGAIN_MS = 1000

/**
 * Ends etcd leases that nothing hangs on, nor ever will. Where the end of one is not known, it is asked for again: one of an hour would stay that long. While etcd is away there may be thousands, so one after another is asked for,
 * up to the first without an answer.
 */
export class Revocations {
  readonly #connection: Pick<EtcdConnection, 'revoke'>
  readonly #clock: Clock
  /** Those that are to be asked for again, and when they have run out by themselves, on the monotonic clock. */
  readonly #owed = new Map<string, number>()
  #cancelTimer: (() => void) | undefined
  #closed = false

  constructor(connection: Pick<EtcdConnection, 'revoke'>, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  /** Never rejects. `ttlMs`: after that it has run out by itself. */
  async begin(leaseId: string, ttlMs: number): Promise<void> {
    const endsAtMs = this.#nowMs + ttlMs
    if ((await this.#isOver(leaseId)) || this.#closed) return
    this.#owed.set(leaseId, endsAtMs)
    this.#againLater()
  }

  /** Asks for those once more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer?.()
    await this.#askAgain()
  }

  get #nowMs(): number {
    return this.#clock.now().monotonicMs
  }

  #againLater(): void {
    if (this.#closed || this.#owed.size === 0) return
    this.#cancelTimer ??= this.#clock.setTimer(AGAIN_MS, () => void this.#nextRound())
  }

  async #nextRound(): Promise<void> {
    await this.#askAgain()
    this.#cancelTimer = undefined
    this.#againLater()
  }

  async #askAgain(): Promise<void> {
    for (const [leaseId, endsAtMs] of this.#owed) if (endsAtMs <= this.#nowMs) this.#owed.delete(leaseId)
    for (const leaseId of this.#owed.keys()) {
      if (!(await this.#isOver(leaseId))) return
      this.#owed.delete(leaseId)
    }
  }

  /** False: the etcd lease may be there still. */
  async #isOver(leaseId: string): Promise<boolean> {
    try {
      await this.#connection.revoke(leaseId)
      return true
    } catch (error) {
      // What else etcd says is that it is gone, or that it will not.
      return !isUnknown(error) && !isPassing(error)
    }
  }
}
