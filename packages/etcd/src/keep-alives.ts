import type { Clock, Instant } from '@leasehold/core'
import type { EtcdConnection, KeepAliveStream } from './connection.ts'
import { EtcdError, isPassing } from './errors.ts'
import type { Alive } from './terms.ts'
import { afterUnlessRead } from './unless-read.ts'

interface Pending {
  readonly sentAt: Instant
  readonly resolve: (alive: Alive | undefined) => void
  readonly reject: (error: unknown) => void
  readonly cancelDeadline: () => void
}

/** Keepalives of all etcd leases of this process, on one stream that is opened anew after it broke. */
export class KeepAlives {
  readonly #connection: EtcdConnection
  readonly #clock: Clock
  readonly #deadlineMs: number
  readonly #pending = new Map<string, Pending[]>()
  #stream: Promise<KeepAliveStream> | undefined

  constructor(connection: EtcdConnection, clock: Clock, deadlineMs: number) {
    this.#connection = connection
    this.#clock = clock
    this.#deadlineMs = deadlineMs
  }

  /** `undefined`: the lease is gone. Rejects where no answer came in time. */
  async send(leaseId: string): Promise<Alive | undefined> {
    try {
      return await this.#send(leaseId)
    } catch (error) {
      // The log-in of the stream has run out, say, or its connection did not come about: the next one has another.
      if (!isPassing(error)) throw error
      return this.#send(leaseId)
    }
  }

  async #send(leaseId: string): Promise<Alive | undefined> {
    const opening = this.#open()
    const stream = await opening
    if (this.#stream !== opening) throw new EtcdError('UNAVAILABLE', 'the stream of keepalives has ended')
    return new Promise((resolve, reject) => {
      const cancelDeadline = afterUnlessRead(this.#deadlineMs, () => this.#silent(stream))
      const pending = { sentAt: this.#clock.now(), resolve, reject, cancelDeadline }
      this.#pending.set(leaseId, [...(this.#pending.get(leaseId) ?? []), pending])
      stream.send(leaseId)
    })
  }

  async close(): Promise<void> {
    const stream = await this.#stream?.catch(() => undefined)
    stream?.cancel()
    this.#ended(new Error('these locks were closed'))
  }

  #open(): Promise<KeepAliveStream> {
    if (this.#stream !== undefined) return this.#stream
    const opening: Promise<KeepAliveStream> = this.#connection.keepAlive(
      (leaseId, seconds, term) => {
        // An answer of a stream that was given up would be taken for one to a later keepalive.
        if (this.#stream === opening) this.#answered(leaseId, seconds, term)
      },
      (error) => {
        if (this.#stream === opening) this.#ended(error)
      },
    )
    this.#stream = opening
    opening.catch((error: unknown) => this.#ended(error))
    return opening
  }

  /** The server answers the keepalives of a stream in their order. */
  #answered(leaseId: string, seconds: number, term: string): void {
    const [first, ...others] = this.#pending.get(leaseId) ?? []
    if (others.length > 0) this.#pending.set(leaseId, others)
    else this.#pending.delete(leaseId)
    first?.cancelDeadline()
    first?.resolve(seconds > 0 ? { sentAt: first.sentAt, seconds, term } : undefined)
  }

  #silent(stream: KeepAliveStream): void {
    const why = new EtcdError('DEADLINE_EXCEEDED', 'no answer to a keepalive in time')
    this.#ended(why)
    stream.cancel(why)
  }

  #ended(error: unknown): void {
    this.#stream = undefined
    const pending = [...this.#pending.values()].flat()
    this.#pending.clear()
    for (const { reject, cancelDeadline } of pending) {
      cancelDeadline()
      reject(error)
    }
  }
}
