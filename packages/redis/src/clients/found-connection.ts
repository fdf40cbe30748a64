import { EventEmitter } from 'node:events'
import type { RedisConnection, RedisStream } from '../redis-shapes.ts'

/** A connection to a server that has to be found out first: whatever is asked of it before it is open is asked in vain. */
export class FoundConnection implements RedisConnection {
  readonly stream: RedisStream
  readonly #find: (isWanted: AbortSignal) => Promise<RedisConnection>
  readonly #events = new EventEmitter()
  readonly #finding = new AbortController()
  #found: RedisConnection | undefined
  #isOver = false

  constructor(find: (isWanted: AbortSignal) => Promise<RedisConnection>) {
    this.#find = find
    this.#events.on('error', () => {})
    this.stream = {
      ref: () => this.#found?.stream?.ref?.(),
      unref: () => this.#found?.stream?.unref?.(),
      destroy: () => this.disconnect(),
    }
  }

  get status(): string {
    return this.#isOver ? 'end' : 'open'
  }

  get options(): NonNullable<RedisConnection['options']> {
    return this.#found?.options ?? {}
  }

  async connect(): Promise<void> {
    const found = await this.#find(this.#finding.signal)
    if (this.#isOver) throw new Error('the connection was closed')
    this.#found = found
    found.on('error', (error) => this.#events.emit('error', error))
    found.on('message', (channel, message) => this.#events.emit('message', channel, message))
    found.on('end', () => this.#end())
    await found.connect()
  }

  disconnect(): void {
    if (this.#found === undefined) this.#end()
    else this.#found.disconnect()
  }

  async call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    return this.#open.call(command, ...args)
  }

  async subscribe(channel: string): Promise<void> {
    await this.#open.subscribe(channel)
  }

  on(event: 'error' | 'end' | 'message' | 'smessage', listener: (...values: never[]) => void): void {
    this.#events.on(event, listener as (...values: unknown[]) => void)
  }

  get #open(): RedisConnection {
    if (this.#found === undefined) throw new Error('the connection was closed')
    return this.#found
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#finding.abort()
    this.#events.emit('end')
  }
}
