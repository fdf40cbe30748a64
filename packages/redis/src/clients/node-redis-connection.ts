import { EventEmitter } from 'node:events'
import type { NodeAddress } from '../node-address.ts'
import type { NodeRedisClient, NodeRedisDuplicate, RedisConnection, RedisStream } from '../redis-shapes.ts'
import { nodeRedisSettings } from './node-redis-settings.ts'

/** What is said of commands whose connection was ended from here. */
const ENDED_HERE = /^(Disconnects client|The client is (closed|offline))$/

/**
 * One connection by way of node-redis, opened once and never again. A client of node-redis would connect anew by itself, so the first error ends this one: what was under way is
 * rejected, and nothing was sent twice.
 */
export class NodeRedisConnection implements RedisConnection {
  readonly stream: RedisStream
  readonly options: { readonly tls: boolean }
  readonly #redis: NodeRedisDuplicate
  readonly #events = new EventEmitter()
  /** The library cannot give up a socket that is still connecting. */
  readonly #socket = new AbortController()
  readonly #shardChannels = new Set<string>()
  readonly #hearShard = (message: string, channel: string) => this.#events.emit('smessage', channel, message)
  /** Why it is over. */
  #reason: Error | undefined

  /** `place`: where to, in place of where your client goes. */
  constructor(client: NodeRedisClient, replyTimeoutMs: number, place?: NodeAddress) {
    const tls = client.options?.socket?.tls === true
    this.options = { tls }
    const terms = {
      // Sooner than the engine gives up: why there is no TLS is to be told.
      connectTimeout: tls ? Math.ceil(replyTimeoutMs / 2) : replyTimeoutMs,
      signal: this.#socket.signal,
      reconnectStrategy: (_: number, cause: Error) => this.#fail(cause),
    }
    this.#redis = client.duplicate(nodeRedisSettings(client, terms, place))
    // Without a listener, the process would end.
    this.#redis.on('error', (error) => this.#fail(error))
    this.#events.on('error', () => {})
    this.stream = {
      ref: () => this.#redis.ref(),
      unref: () => this.#redis.unref(),
      destroy: () => this.disconnect(),
    }
  }

  get status(): string {
    return this.#reason === undefined ? 'open' : 'end'
  }

  async connect(): Promise<void> {
    // The library waits for ever where a socket is gone before there are credentials to be sent.
    const ended = new Promise<never>((_, reject) => this.on('end', () => reject(this.#reason)))
    await Promise.race([this.#redis.connect(), ended])
  }

  disconnect(): void {
    this.#end(new Error('the connection was closed'))
  }

  call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    return this.#send(command, args).catch((error: unknown) => {
      throw this.#reason !== undefined && isEndedHere(error) ? this.#reason : error
    })
  }

  /** The library keeps account of what is listened to: it has methods of its own for that. */
  #send(command: string, args: readonly (string | number | Buffer)[]): Promise<unknown> {
    if (command === 'ssubscribe') return this.#listenToShard(String(args[0]))
    if (command === 'sunsubscribe') return this.#leaveShard(String(args[0]))
    return this.#redis.sendCommand([command, ...argumentsOf(args)])
  }

  /** The server is asked each time. The library would take a channel that it knows for one that the server still knows. */
  async #listenToShard(channel: string): Promise<void> {
    if (this.#shardChannels.has(channel)) await this.#leaveShard(channel)
    await this.#redis.sSubscribe(channel, this.#hearShard)
    this.#shardChannels.add(channel)
  }

  async #leaveShard(channel: string): Promise<void> {
    await this.#redis.sUnsubscribe(channel)
    this.#shardChannels.delete(channel)
  }

  async subscribe(channel: string): Promise<void> {
    await this.#redis.subscribe(channel, (message) => this.#events.emit('message', channel, message))
  }

  on(event: 'error' | 'end' | 'message' | 'smessage', listener: (...values: never[]) => void): void {
    this.#events.on(event, listener as (...values: unknown[]) => void)
  }

  #fail(error: Error): false {
    if (this.#reason !== undefined) return false
    this.#events.emit('error', error)
    this.#end(error)
    return false
  }

  #end(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    endOf(this.#redis)
    this.#socket.abort()
    this.#events.emit('end')
  }
}

/** The library takes strings and bytes. */
export const argumentsOf = (args: readonly (string | number | Buffer)[]): (string | Buffer)[] =>
  args.map((arg) => (typeof arg === 'number' ? String(arg) : arg))

const isEndedHere = (error: unknown): boolean => error instanceof Error && ENDED_HERE.test(error.message)

/** Rejects what is under way. Throws, or rejects, where the library has found the end by itself. */
function endOf(redis: NodeRedisDuplicate): void {
  try {
    if (redis.destroy !== undefined) redis.destroy()
    else redis.disconnect?.().catch(() => {})
  } catch {}
}
