import { Connection } from '../connection.ts'
import type { RedisConnection } from '../redis-shapes.ts'
import type { Place, SlotMap } from './slot-map.ts'

/** Connections that listen: one to each master on which somebody waits. */
export class Subscribers {
  readonly #map: SlotMap
  readonly #replyTimeoutMs: number
  readonly #onMessage: (channel: string, news: string) => void
  /** Of a connection that was in use, by the name of its place. */
  readonly #onBroken: (name: string) => void
  readonly #connections = new Map<string, Connection>()
  #users = 0
  #closed = false

  constructor(
    map: SlotMap,
    replyTimeoutMs: number,
    onMessage: (channel: string, news: string) => void,
    onBroken: (name: string) => void,
  ) {
    this.#map = map
    this.#replyTimeoutMs = replyTimeoutMs
    this.#onMessage = onMessage
    this.#onBroken = onBroken
  }

  to(place: Place): Connection {
    if (this.#closed) throw new Error('these locks were closed')
    return this.#connections.get(place.name) ?? this.#connect(place)
  }

  /** As long as anybody waits, the process is kept alive. */
  use(): void {
    this.#users += 1
    if (this.#users === 1) for (const connection of this.#connections.values()) connection.use()
  }

  disuse(): void {
    this.#users -= 1
    if (this.#users === 0) for (const connection of this.#connections.values()) connection.disuse()
  }

  /** Ends those that nothing is heard over. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, connection] of this.#connections) {
      if (names.has(name)) continue
      this.#connections.delete(name)
      void connection.close()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()))
  }

  #connect(place: Place): Connection {
    const connection: Connection = new Connection({
      make: () => this.#map.make(place),
      replyTimeoutMs: this.#replyTimeoutMs,
      prepare: async (redis: RedisConnection) => redis.on('smessage', this.#onMessage),
      onBroken: () => this.#onBroken(place.name),
      onSilence: () => void this.#map.isReplaced(place).then((isReplaced) => isReplaced && connection.leave()),
    })
    if (this.#users > 0) connection.use()
    this.#connections.set(place.name, connection)
    return connection
  }
}
