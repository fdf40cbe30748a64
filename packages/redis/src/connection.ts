import { gatherCommands } from './outbox.ts'
import { withoutArguments } from './redaction.ts'
import type { RedisConnection } from './redis-shapes.ts'
import { Replicas, type ReplicaTerms } from './replicas.ts'
import { ReplyDeadline } from './reply-deadline.ts'
import { runScript, type Script, type ScriptArgument, type Scripts } from './script.ts'

/** With the link to its primary down, a replica may refuse to be read, too. */
const REPLICA = /READONLY|MASTERDOWN/

export interface ConnectionOptions {
  readonly make: () => RedisConnection
  readonly replyTimeoutMs: number
  /** Done before anybody else may use a new connection. */
  readonly prepare?: (redis: RedisConnection) => Promise<unknown>
  /** Of a connection that was in use. */
  readonly onBroken?: () => void
  /** The server is a replica by now. */
  readonly onReplica?: () => void
  readonly waitReplicas?: ReplicaTerms | undefined
}

/** One connection at a time, made when first needed, and made anew after it broke. Nothing is ever sent twice. */
export class Connection implements Scripts {
  readonly #options: ConnectionOptions
  readonly #deadline: ReplyDeadline
  readonly #replicas = new WeakMap<RedisConnection, Replicas>()
  #opening: Promise<RedisConnection> | undefined
  #redis: RedisConnection | undefined
  #ready = false
  #closed = false
  /** How many wait for something that comes over this connection. */
  #users = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#deadline = new ReplyDeadline(options.replyTimeoutMs, () => this.#abandon())
  }

  /** `asking`: the node takes over the slot of these keys just now. */
  run(script: Script, keys: readonly string[], args: readonly ScriptArgument[], asking = false): Promise<unknown> {
    return this.#answer((redis) => runScript(redis, script, keys, args, asking))
  }

  grant(script: Script, keys: readonly string[], args: readonly ScriptArgument[], asking = false): Promise<unknown> {
    const { waitReplicas } = this.#options
    if (waitReplicas === undefined) return this.run(script, keys, args, asking)
    return this.#answer(async (redis) => {
      const answer = await runScript(redis, script, keys, args, asking)
      // Over the same connection: another one knows nothing of what this one wrote.
      await this.#replicasOf(redis, waitReplicas).have()
      return answer
    })
  }

  ask(command: string, ...args: string[]): Promise<unknown> {
    return this.#answer((redis) => redis.call(command, ...args))
  }

  #answer(send: (redis: RedisConnection) => Promise<unknown>): Promise<unknown> {
    this.use()
    if (this.#ready && this.#redis) return this.#answerOf(this.#redis, send)
    return this.open().then(
      (redis) => this.#answerOf(redis, send),
      (error: unknown) => {
        this.disuse()
        throw error
      },
    )
  }

  #answerOf(redis: RedisConnection, send: (redis: RedisConnection) => Promise<unknown>): Promise<unknown> {
    this.#deadline.sent()
    return send(redis).then(
      (answer) => {
        this.#answered()
        return answer
      },
      (error: unknown) => {
        this.#answered()
        if (error instanceof Error && REPLICA.test(error.message)) this.#leaveReplica(redis)
        throw withoutArguments(error)
      },
    )
  }

  #answered(): void {
    this.#deadline.answered()
    this.disuse()
  }

  #replicasOf(redis: RedisConnection, terms: ReplicaTerms): Replicas {
    const replicas = this.#replicas.get(redis) ?? new Replicas(redis, terms)
    this.#replicas.set(redis, replicas)
    return replicas
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

  get isInUse(): boolean {
    return this.#users > 0
  }

  get isReady(): boolean {
    return this.#ready
  }

  /** Whoever needs it next makes a new one. */
  leave(): void {
    this.#abandon()
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
    const redis = this.#options.make()
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
      await this.#options.prepare?.(redis)
    } catch (error) {
      this.#ended(redis)
      this.#abandon(redis)
      throw withoutArguments(reason ?? error)
    } finally {
      this.#deadline.answered()
    }
    gatherCommands(redis, () => this.#users === 1)
    this.#ready = this.#redis === redis
    return redis
  }

  #ended(redis: RedisConnection): void {
    if (this.#redis !== redis) return
    const wasReady = this.#ready
    this.#redis = undefined
    this.#opening = undefined
    this.#ready = false
    if (wasReady) this.#options.onBroken?.()
  }

  /** Whatever knows the primary is asked again when the next connection is made. */
  #leaveReplica(redis: RedisConnection): void {
    this.#abandon(redis)
    this.#options.onReplica?.()
  }

  /** Whether the server did what was asked last is not known. */
  #abandon(redis = this.#redis): void {
    redis?.disconnect()
    redis?.stream?.destroy()
  }
}
