import { OneChannel } from '../one-channel.ts'
import type { Subscription, Turns } from '../turns.ts'
import { ShardChannels } from './shard-channels.ts'
import type { SlotMap } from './slot-map.ts'

/** Redis before 7 has no channels of shards, and some services leave them out. */
const NO_SHARDS = /unknown command/i

/** Hears by channels of shards; where there are none, or the server cannot tell who listens to one, by a channel that the whole Cluster is told. */
export class ClusterTurns implements Turns {
  readonly #shards: ShardChannels
  readonly #everywhere: OneChannel
  #hasShards = true

  constructor(map: SlotMap, replyTimeoutMs: number, namespace: string) {
    this.#shards = new ShardChannels(map, replyTimeoutMs, namespace, (error) => {
      if (!(error instanceof Error && NO_SHARDS.test(error.message))) return
      this.#hasShards = false
      this.#shards.missed()
    })
    this.#everywhere = new OneChannel(() => map.make(map.anywhere()), replyTimeoutMs, namespace, true)
  }

  subscriptionTo(key: string): Subscription {
    const channel = this.#hasShards ? this.#shards.subscriptionTo(key) : undefined
    if (channel === undefined || channel.isUnseen) return this.#everywhere
    return channel
  }

  async close(): Promise<void> {
    await Promise.all([this.#shards.close(), this.#everywhere.close()])
  }
}
