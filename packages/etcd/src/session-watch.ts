import type { EtcdConnection, Stream } from './connection.ts'
import type { Namespace } from './namespace.ts'
import { put, when } from './transactions.ts'

/** An etcd lease, and whether it has ended. */
interface Guarded {
  readonly leaseId: string
  readonly ended: unknown
}

/**
 * Hears at once when etcd ends a lease of this process: each has a key of its own, and one watch hears the deletion of any. It only makes
 * the news come sooner: what is missed here is found by the next keepalive.
 */
export class SessionWatch {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  readonly #onGone: (leaseId: string) => void
  /** Leases that have their keys, or are about to. */
  readonly #guarded = new Set<string>()
  #watch: Promise<Stream> | undefined
  #closed = false

  constructor(connection: EtcdConnection, namespace: Namespace, onGone: (leaseId: string) => void) {
    this.#connection = connection
    this.#namespace = namespace
    this.#onGone = onGone
  }

  /** Opens the watch anew where it has ended, and puts the key of the lease where it has none yet. */
  async guard(session: Guarded): Promise<void> {
    if (this.#closed) return
    this.#watch ??= this.#open()
    await this.#watch
    const { leaseId, ended } = session
    if (this.#closed || ended !== undefined || this.#guarded.has(leaseId)) return
    this.#guarded.add(leaseId)
    try {
      await this.#connection.txn(when([], [put(this.#namespace.sessionKey(leaseId), undefined, leaseId)]))
    } catch (error) {
      this.#guarded.delete(leaseId)
      throw error
    }
  }

  /** It has ended. */
  forget(leaseId: string): void {
    this.#guarded.delete(leaseId)
  }

  async close(): Promise<void> {
    this.#closed = true
    const watch = await this.#watch?.catch(() => undefined)
    watch?.cancel()
  }

  #open(): Promise<Stream> {
    const { key, range_end } = this.#namespace.sessionKeys
    const ended = () => {
      if (this.#watch === opening) this.#watch = undefined
    }
    const gone = (place: string) => this.#onGone(place.slice(place.lastIndexOf('/') + 1))
    const opening: Promise<Stream> = this.#connection.watch(key, range_end, 'deletions', gone, ended)
    opening.catch(ended)
    return opening
  }
}
