import { randomBytes } from 'node:crypto'
import { turnsChannel } from '../key-names.ts'
import { type Hear, type Turns, turnOf } from '../turns.ts'
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
  readonly process = `s${randomBytes(8).toString('hex')}`
  readonly #map: SlotMap
  readonly #namespace: string
  readonly #channels = new Map<string, ShardChannel>()
  readonly #subscribers: Subscribers
  #sweeping: NodeJS.Timeout | undefined

  constructor(map: SlotMap, replyTimeoutMs: number, namespace: string) {
    this.#map = map
    this.#namespace = namespace
    this.#subscribers = new Subscribers(
      map,
      replyTimeoutMs,
      (name, news) => this.#hear(name, news),
      (place) => this.#missed(place),
    )
  }

  listening(key: string): Promise<void> {
    return this.#channelOf(key).listening()
  }

  isListening(key: string): boolean {
    return this.#channels.get(this.#nameOf(key))?.isHeard === true
  }

  expect(key: string, holder: string, hear: Hear): () => void {
    const channel = this.#channelOf(key)
    channel.waiting.set(holder, hear)
    this.#subscribers.use()
    return () => {
      this.#subscribers.disuse()
      channel.usedAtMs = performance.now()
      if (channel.waiting.get(holder) === hear) channel.waiting.delete(holder)
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#sweeping)
    await this.#subscribers.close()
  }

  #nameOf(key: string): string {
    return turnsChannel(this.#namespace, key, this.process)
  }

  #channelOf(key: string): ShardChannel {
    const name = this.#nameOf(key)
    const channel = this.#channels.get(name) ?? new ShardChannel(name, this.#map, this.#subscribers)
    channel.usedAtMs = performance.now()
    this.#channels.set(name, channel)
    this.#sweeping ??= setTimeout(() => this.#sweep(), LINGER_MS).unref()
    return channel
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

  #missed(place: string): void {
    for (const channel of this.#channels.values()) if (channel.place === place) channel.missed()
  }
}
