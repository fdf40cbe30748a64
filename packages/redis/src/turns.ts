import { randomBytes } from 'node:crypto'
import { Connection } from './connection.ts'
import type { RedisConnection } from './redis-shapes.ts'

/** Holder, token, window, server's clock. */
const NEWS = /^(\S+) (\d+) (\d+) (\d+)$/

/** The server has granted a claim its turn, at this moment of its clock, and keeps the key this long. */
export interface Turn {
  readonly fencingToken: bigint
  readonly windowMs: number
  readonly serverMs: number
}

/** With the turn, or with nothing when it may have been missed. */
export type Hear = (turn: Turn | undefined) => void

/** One connection of its own that hears whose turn it is, of all claims that wait in this process. */
export class Turns {
  /** By which the server tells this process from others. */
  readonly process = randomBytes(8).toString('hex')
  readonly #waiting = new Map<string, Hear>()
  readonly #connection: Connection

  constructor(make: () => RedisConnection, replyTimeoutMs: number, namespace: string) {
    const subscribe = (redis: RedisConnection) => {
      redis.on('message', (_, news) => this.#hear(news))
      return redis.subscribe(`${namespace}turns:${this.process}`)
    }
    this.#connection = new Connection(make, replyTimeoutMs, subscribe, () => this.#missed())
  }

  /** Resolves when the server has confirmed that turns from now on are told. */
  async listening(): Promise<void> {
    await this.#connection.open()
  }

  get isListening(): boolean {
    return this.#connection.isReady
  }

  /** Returns how to stop. A turn that nobody expects is left to its window: its claim was released, or has the key already. */
  expect(holder: string, hear: Hear): () => void {
    this.#waiting.set(holder, hear)
    this.#connection.use()
    return () => {
      this.#connection.disuse()
      if (this.#waiting.get(holder) === hear) this.#waiting.delete(holder)
    }
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  /** Whoever may publish there can say anything. */
  #hear(news: string): void {
    const [, holder = '', token = '', windowMs, serverMs] = NEWS.exec(news) ?? []
    const turn = { windowMs: Number(windowMs), serverMs: Number(serverMs) }
    this.#waiting.get(holder)?.({ fencingToken: BigInt(token), ...turn })
  }

  #missed(): void {
    for (const hear of [...this.#waiting.values()]) hear(undefined)
  }
}
