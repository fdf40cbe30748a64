import { OneChannel } from '../one-channel.ts'
import type { Hear, Turns } from '../turns.ts'
import { ShardChannels } from './shard-channels.ts'
import type { SlotMap } from './slot-map.ts'

/** Redis before 7 has no channels of shards, and some services leave them out. */
const NO_SHARDS = /unknown command/i

/** Hears by channels of shards; where there are none, by one that the whole Cluster is told. */
export class ClusterTurns implements Turns {
  readonly #everywhere: () => Turns
  #way: Turns
  #left: Turns | undefined

  constructor(map: SlotMap, replyTimeoutMs: number, namespace: string) {
    this.#way = new ShardChannels(map, replyTimeoutMs, namespace)
    this.#everywhere = () => new OneChannel(() => map.make(map.anywhere()), replyTimeoutMs, namespace, '*')
  }

  get process(): string {
    return this.#way.process
  }

  async listening(key: string): Promise<void> {
    const way = this.#way
    try {
      await way.listening(key)
    } catch (error) {
      if (this.#left !== undefined || !(error instanceof Error && NO_SHARDS.test(error.message))) throw error
      this.#left = way
      this.#way = this.#everywhere()
      throw error
    }
  }

  isListening(key: string): boolean {
    return this.#way.isListening(key)
  }

  expect(key: string, holder: string, hear: Hear): () => void {
    return this.#way.expect(key, holder, hear)
  }

  async close(): Promise<void> {
    await Promise.all([this.#way.close(), this.#left?.close()])
  }
}
