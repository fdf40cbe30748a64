import type { Clock } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import { isLeaseGone, isNotNow, isUnknown } from './errors.ts'
import { newLeaseId } from './lease-id.ts'
import type { Revocations } from './revocations.ts'

/** For so long it is told why a hold was ended: an hour, from when that has happened. */
const LEAST_MS = 3_660_000
const SECONDS = (2 * LEAST_MS) / 1000

interface Granted {
  readonly leaseId: Promise<string>
  /** By when something on it may come that is to last long enough; on the monotonic clock. */
  readonly untilMs: number
}

/** The etcd lease on which it stands why holds were ended by force. One serves for an hour, however many are ended. It is not one of this process' sessions, which end with it. */
export class ReasonLease {
  readonly #connection: EtcdConnection
  readonly #clock: Clock
  readonly #revocations: Revocations
  #granted: Granted | undefined

  constructor(connection: EtcdConnection, clock: Clock, revocations: Revocations) {
    this.#connection = connection
    this.#clock = clock
    this.#revocations = revocations
  }

  /** Runs what writes on it. Once more on a new one, where etcd has lost it: nothing took effect. */
  async use<T>(step: (leaseId: string) => Promise<T>): Promise<T> {
    const granted = this.#current()
    try {
      return await step(await granted.leaseId)
    } catch (error) {
      if (!isLeaseGone(error)) throw error
      this.#forget(granted)
    }
    return step(await this.#current().leaseId)
  }

  #current(): Granted {
    const { monotonicMs } = this.#clock.now()
    if (this.#granted !== undefined && monotonicMs < this.#granted.untilMs) return this.#granted
    const granted = { leaseId: this.#grant(), untilMs: monotonicMs + SECONDS * 1000 - LEAST_MS }
    this.#granted = granted
    granted.leaseId.catch(() => this.#forget(granted))
    return granted
  }

  #forget(granted: Granted): void {
    if (this.#granted === granted) this.#granted = undefined
  }

  async #grant(): Promise<string> {
    const leaseId = newLeaseId()
    try {
      await this.#connection.grant(leaseId, SECONDS)
      return leaseId
    } catch (error) {
      // It may have been granted all the same.
      if (isUnknown(error) || isNotNow(error)) void this.#revocations.begin(leaseId, SECONDS * 1000)
      throw error
    }
  }
}
