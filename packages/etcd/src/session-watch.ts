import type { EtcdConnection, Stream } from './connection.ts'
import type { Namespace } from './namespace.ts'
import { put, when } from './transactions.ts'

/**
 * Hears at once when etcd ends a lease of this process: each has a key of its own, and one watch hears the deletion of any. It only makes
 * the news come sooner: what is missed here is found by the next keepalive.
 */
export class SessionWatch {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  readonly #onGone: (leaseId: string) => void
  #watch: Promise<Stream> | undefined
  #closed = false

  constructor(connection: EtcdConnection, namespace: Namespace, onGone: (leaseId: string) => void) {
    this.#connection = connection
    this.#namespace = namespace
    this.#onGone = onGone
  }

  async guard(leaseId: string): Promise<void> {
    await this.listen()
    if (this.#closed) return
    await this.#connection.txn(when([], [put(this.#namespace.sessionKey(leaseId), undefined, leaseId)]))
  }

  /** Opens the watch anew where it has ended. */
  async listen(): Promise<void> {
    if (this.#closed) return
    this.#watch ??= this.#open()
    await this.#watch
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
