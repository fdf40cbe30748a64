import { randomBytes } from 'node:crypto'
import { Connection } from './connection.ts'
import type { RedisConnection } from './redis-shapes.ts'
import { Resubscription } from './resubscription.ts'
import { type Hear, type Subscription, type Turns, turnOf } from './turns.ts'

/** To the scripts: nobody can tell who listens there. */
const UNSEEN = '*'

/** One connection of its own that hears whose turn it is, of all claims that wait in this process. */
export class OneChannel implements Turns, Subscription {
  readonly #id = randomBytes(8).toString('hex')
  readonly #waiting = new Map<string, Hear>()
  readonly #connection: Connection
  readonly #again = new Resubscription()
  #mark = ''

  /** `isEverywhere`: the whole Cluster is told, of which no node knows who listens to the others. */
  constructor(make: () => RedisConnection, replyTimeoutMs: number, namespace: string, isEverywhere = false) {
    const channel = `${namespace}turns:${this.#id}`
    const prepare = async (redis: RedisConnection) => {
      this.#mark = isEverywhere ? UNSEEN : ''
      redis.on('message', (_, news) => this.#hear(news))
      // A replica lets anybody listen, and scripts do not see who listens there: it refuses what may write, though there is nothing.
      const isPrimary = isEverywhere || redis.call('DEL', channel)
      await Promise.all([isPrimary, redis.subscribe(channel)])
    }
    this.#connection = new Connection({ make, replyTimeoutMs, prepare, onBroken: () => this.#missed() })
  }

  subscriptionTo(): Subscription {
    return this
  }

  get process(): string {
    return `${this.#mark}${this.#id}`
  }

  get since(): number {
    return this.#again.since
  }

  get isListening(): boolean {
    return this.#connection.isReady
  }

  async listening(): Promise<void> {
    await this.#connection.open()
  }

  expect(holder: string, hear: Hear): () => void {
    this.#waiting.set(holder, hear)
    this.#connection.use()
    return () => {
      this.#connection.disuse()
      if (this.#waiting.get(holder) === hear) this.#waiting.delete(holder)
    }
  }

  unheard(since: number): void {
    const isOfUse = this.#again.isOfUse(since)
    if (isOfUse === false) this.#mark = UNSEEN
    else if (isOfUse) this.leave()
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
