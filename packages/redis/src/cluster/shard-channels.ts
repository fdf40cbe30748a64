import { randomBytes } from 'node:crypto'
import { turnsChannel } from '../key-names.ts'
import { type Turns, turnOf } from '../turns.ts'
import { ShardChannel } from './shard-channel.ts'
import type { SlotMap } from './slot-map.ts'
import { Subscribers } from './subscribers.ts'

/** How long a channel is listened to on which nobody waits: the callers of a busy key wait one after the other. */
const LINGER_MS = 10_000

/**
 * A channel for each key that is waited for. What a script publishes there stays within the shard, and nobody listens there only if this process does
 * not.
 */
export class ShardChannels implements Turns {
  readonly #process = `s${randomBytes(8).toString('hex')}`
  readonly #map: SlotMap
  readonly #namespace: string
  readonly #channels = new Map<string, ShardChannel>()
  readonly #subscribers: Subscribers
  readonly #onRefused: (error: unknown) => void
  #sweeping: NodeJS.Timeout | undefined

  /** `onRefused`: a subscription was not possible. */
  constructor(map: SlotMap, replyTimeoutMs: number, namespace: string, onRefused: (error: unknown) => void) {
    this.#map = map
    this.#onRefused = onRefused
    this.#namespace = namespace
    this.#subscribers = new Subscribers(
      map,
      replyTimeoutMs,
      (name, news) => this.#hear(name, news),
      (place) => this.#brokeAt(place),
    )
  }

  subscriptionTo(key: string): ShardChannel {
    const name = turnsChannel(this.#namespace, key, this.#process)
    const channel = this.#channels.get(name) ?? this.#channelOf(name)
    channel.usedAtMs = performance.now()
    this.#channels.set(name, channel)
    this.#sweeping ??= setTimeout(() => this.#sweep(), LINGER_MS).unref()
    return channel
  }

  /** Of whatever is waited for: it is heard in another way from now on. */
  missed(): void {
    for (const channel of this.#channels.values()) channel.missed()
  }

  async close(): Promise<void> {
    clearTimeout(this.#sweeping)
    await this.#subscribers.close()
  }

  #channelOf(name: string): ShardChannel {
    return new ShardChannel(name, this.#process, this.#map, this.#subscribers, this.#onRefused)
  }

  #sweep(): void {
    const now = performance.now()
    for (const [name, channel] of this.#channels) {
      if (channel.waiting.size > 0 || now - channel.usedAtMs < LINGER_MS) continue
      this.#channels.delete(name)
      channel.leave()
    }
    const places = [...this.#channels.values()].map(({ place }) => place ?? '')
    this.#subscribers.keepOnly(new Set(places))
    this.#sweeping = this.#channels.size > 0 ? setTimeout(() => this.#sweep(), LINGER_MS).unref() : undefined
  }

  #hear(name: string, news: string): void {
    const told = turnOf(news)
    if (told !== undefined) this.#channels.get(name)?.waiting.get(told.holder)?.(told.turn)
  }

  #brokeAt(place: string): void {
    for (const channel of this.#channels.values()) if (channel.place === place) channel.missed()
  }
}
