import { randomBytes } from 'node:crypto'
import { Connection } from './connection.ts'
import type { RedisConnection } from './redis-shapes.ts'
import { type Hear, type Turns, turnOf } from './turns.ts'

/** One connection of its own that hears whose turn it is, of all claims that wait in this process. */
export class OneChannel implements Turns {
  readonly process: string
  readonly #waiting = new Map<string, Hear>()
  readonly #connection: Connection

  /** `mark`: what the scripts tell the kinds of processes by. */
  constructor(make: () => RedisConnection, replyTimeoutMs: number, namespace: string, mark = '') {
    this.process = `${mark}${randomBytes(8).toString('hex')}`
    const channel = `${namespace}turns:${this.process}`
    const prepare = (redis: RedisConnection) => {
      redis.on('message', (_, news) => this.#hear(news))
      // A replica lets anybody listen, and scripts do not see who listens there: it refuses what may write, though there is nothing.
      const isPrimary = mark === '' && redis.call('DEL', channel)
      return Promise.all([isPrimary, redis.subscribe(channel)])
    }
    this.#connection = new Connection({ make, replyTimeoutMs, prepare, onBroken: () => this.#missed() })
  }

  async listening(): Promise<void> {
    await this.#connection.open()
  }

  isListening(): boolean {
    return this.#connection.isReady
  }

  expect(_key: string, holder: string, hear: Hear): () => void {
    this.#waiting.set(holder, hear)
    this.#connection.use()
    return () => {
      this.#connection.disuse()
      if (this.#waiting.get(holder) === hear) this.#waiting.delete(holder)
    }
  }

  /** For another server. */
  leave(): void {
    this.#connection.leave()
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #hear(news: string): void {
    const told = turnOf(news)
    if (told !== undefined) this.#waiting.get(told.holder)?.(told.turn)
  }

  #missed(): void {
    for (const hear of [...this.#waiting.values()]) hear(undefined)
  }
}
