import { withoutArguments } from './redaction.ts'
import type { RedisConnection } from './redis-shapes.ts'
import { ReplyDeadline } from './reply-deadline.ts'
import { runScript, type Script, type ScriptArgument } from './script.ts'

/** One connection at a time, made when first needed, and made anew after it broke. Nothing is ever sent twice. */
export class Connection {
  readonly #make: () => RedisConnection
  readonly #prepare: (redis: RedisConnection) => Promise<unknown>
  /** Of a connection that was in use. */
  readonly #onBroken: () => void
  readonly #deadline: ReplyDeadline
  #opening: Promise<RedisConnection> | undefined
  #redis: RedisConnection | undefined
  #ready = false
  #closed = false
  /** How many wait for something that comes over this connection. */
  #users = 0

  /** `prepare` is done before anybody else may use a new connection. */
  constructor(
    make: () => RedisConnection,
    replyTimeoutMs: number,
    prepare: (redis: RedisConnection) => Promise<unknown> = async () => {},
    onBroken: () => void = () => {},
  ) {
    this.#make = make
    this.#prepare = prepare
    this.#onBroken = onBroken
    this.#deadline = new ReplyDeadline(replyTimeoutMs, () => this.#abandon())
  }

  async run(script: Script, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown> {
    this.use()
    try {
      return await this.#answer(script, keys, args)
    } finally {
      this.disuse()
    }
  }

  async #answer(script: Script, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown> {
    const redis = this.#ready && this.#redis ? this.#redis : await this.open()
    this.#deadline.sent()
    try {
      return await runScript(redis, script, keys, args)
    } catch (error) {
      // A replica by now: whatever knows the primary is asked again when the next connection is made.
      if (error instanceof Error && error.message.includes('READONLY')) this.#abandon(redis)
      throw withoutArguments(error)
    } finally {
      this.#deadline.answered()
    }
  }

  /** Resolves when there is a connection that was prepared. */
  open(): Promise<RedisConnection> {
    this.#opening ??= this.#connect()
    return this.#opening
  }

  /** As long as anybody uses it, it keeps the process alive; idle, it does not. */
  use(): void {
    this.#users += 1
    if (this.#users === 1) this.#redis?.stream?.ref?.()
  }

  disuse(): void {
    this.#users -= 1
    if (this.#users === 0) this.#redis?.stream?.unref?.()
  }

  get isReady(): boolean {
    return this.#ready
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#deadline.stop()
    const redis = this.#redis
    if (redis === undefined || redis.status === 'end') return
    const ended = new Promise<void>((resolve) => redis.on('end', resolve))
    this.#abandon()
    await ended
  }

  async #connect(): Promise<RedisConnection> {
    if (this.#closed) throw new Error('these locks were closed')
    const redis = this.#make()
    this.#redis = redis
    let reason: Error | undefined
    redis.on('error', (error) => {
      reason ??= error
    })
    redis.on('end', () => this.#ended(redis))
    this.#deadline.sent()
    try {
      await redis.connect()
      if (this.#users === 0) redis.stream?.unref?.()
      await this.#prepare(redis)
    } catch (error) {
      this.#ended(redis)
      this.#abandon(redis)
      throw withoutArguments(reason ?? error)
    } finally {
      this.#deadline.answered()
    }
    this.#ready = this.#redis === redis
    return redis
  }

  #ended(redis: RedisConnection): void {
    if (this.#redis !== redis) return
    const wasReady = this.#ready
    this.#redis = undefined
    this.#opening = undefined
    this.#ready = false
    if (wasReady) this.#onBroken()
  }

  /** Whether the server did what was asked last is not known. */
  #abandon(redis = this.#redis): void {
    redis?.disconnect()
    redis?.stream?.destroy()
  }
}
