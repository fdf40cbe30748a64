import { reasonIn, turnedAway, whyNotOpened, withReason } from './connection-errors.ts'
import { gatherCommands } from './outbox.ts'
import type { RedisCommander, RedisConnection } from './redis-shapes.ts'
import { inWords } from './refusals.ts'
import { Replicas, type ReplicaTerms } from './replicas.ts'
import { ReplyDeadline } from './reply-deadline.ts'
import { runScript, type Script, type ScriptArgument, type Scripts, type Sending } from './script.ts'

/** With the link to its primary down, a replica may refuse to be read, too. */
const REPLICA = /READONLY|MASTERDOWN/

/** How long a node of a Cluster may be silent before it is asked elsewhere whether another has taken over. */
const DOUBT_MS = 1000

/** What was silent for so long is asked whether it is still there: what stands between forgets silent connections, and tells nobody. */
const STALE_MS = 10_000

/** By when it has to say so: whoever is sent elsewhere then still has time. */
const PROBE_MS = 500

export interface ConnectionOptions {
  readonly make: () => RedisConnection
  readonly replyTimeoutMs: number
  /** Done before anybody else may use a new connection. */
  readonly prepare?: (redis: RedisConnection) => Promise<unknown>
  /** Of a connection that was in use. */
  readonly onBroken?: () => void
  /** The server is a replica by now. */
  readonly onReplica?: () => void
  /** Something was asked, and for a second nothing was heard; told again with every second. */
  readonly onSilence?: () => void
  /** What a server says that is not to be asked any more, in words for who asked. Where nobody follows to other nodes. */
  readonly leaves?: (error: Error, redis: RedisCommander) => Promise<Error> | undefined
  readonly waitReplicas?: ReplicaTerms | undefined
}

/** One connection at a time, made when first needed, and made anew after it broke. Nothing is ever sent twice. */
export class Connection implements Scripts {
  readonly #options: ConnectionOptions
  readonly #deadlines: readonly ReplyDeadline[]
  readonly #replicas = new WeakMap<RedisConnection, Replicas>()
  /** Made, and not ended yet, whether in use or given up. */
  readonly #standing = new Set<RedisConnection>()
  /** What was first told of each, apart from answers. */
  readonly #reasons = new WeakMap<RedisConnection, Error>()
  #opening: Promise<RedisConnection> | undefined
  #redis: RedisConnection | undefined
  /** The last one that brought an answer. */
  #proven: RedisConnection | undefined
  #ready = false
  #heardAtMs = 0
  /** Whether the one in use is there, while that is asked. */
  #proof: Promise<RedisConnection> | undefined
  #closed = false
  /** How many wait for something that comes over this connection. */
  #users = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    const { replyTimeoutMs, onSilence } = options
    const limit = new ReplyDeadline(replyTimeoutMs, () => this.#giveUp())
    this.#deadlines = onSilence ? [new ReplyDeadline(Math.min(DOUBT_MS, replyTimeoutMs), onSilence), limit] : [limit]
  }

  run(script: Script, keys: readonly string[], args: readonly ScriptArgument[], sending?: Sending): Promise<unknown> {
    return this.#answer((redis) => runScript(redis, script, keys, args, sending))
  }

  grant(script: Script, keys: readonly string[], args: readonly ScriptArgument[], sending?: Sending): Promise<unknown> {
    const { waitReplicas } = this.#options
    if (waitReplicas === undefined) return this.run(script, keys, args, sending)
    return this.#answer(async (redis) => {
      const answer = await runScript(redis, script, keys, args, sending)
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
    if (this.#ready && this.#redis && !this.#isStale && this.#proof === undefined)
      return this.#answerOf(this.#redis, send)
    return this.#surely().then(
      (redis) => this.#answerOf(redis, send),
      (error: unknown) => {
        this.disuse()
        throw error
      },
    )
  }

  #answerOf(redis: RedisConnection, send: (redis: RedisConnection) => Promise<unknown>): Promise<unknown> {
    this.#sent()
    return send(redis).then(
      (answer) => {
        this.#answered()
        this.#proven = redis
        this.disuse()
        return answer
      },
      (error: unknown) => {
        this.#answered()
        this.disuse()
        return this.#failed(redis, withReason(error, this.#reasons.get(redis)))
      },
    )
  }

  /** Whatever knows the primary is asked again when the next connection is made. */
  async #failed(redis: RedisConnection, told: Error): Promise<never> {
    const error = this.#proven === redis ? told : turnedAway(told)
    const left = REPLICA.test(error.message) ? Promise.resolve(error) : this.#options.leaves?.(error, redis)
    if (left === undefined) throw inWords(error)
    if (this.#forget(redis)) this.#options.onReplica?.()
    const reason = await left
    this.#abandon(redis)
    throw reason
  }

  #sent(): void {
    for (const deadline of this.#deadlines) deadline.sent()
  }

  #answered(): void {
    this.#heardAtMs = performance.now()
    for (const deadline of this.#deadlines) deadline.answered()
  }

  #replicasOf(redis: RedisConnection, terms: ReplicaTerms): Replicas {
    const replicas = this.#replicas.get(redis) ?? new Replicas(redis, terms)
    this.#replicas.set(redis, replicas)
    return replicas
  }

  /** Resolves when there is a connection that was prepared. */
  open(): Promise<RedisConnection> {
    if (this.#opening !== undefined) return this.#opening
    const opening = this.#connect()
    this.#opening = opening
    // Before those who wait for it, so that nobody comes between: what was asked first is sent first.
    opening.then(
      (redis) => {
        this.#ready = this.#redis === redis
      },
      () => {},
    )
    return opening
  }

  get #isStale(): boolean {
    return performance.now() - this.#heardAtMs > STALE_MS
  }

  /** One that is there. */
  #surely(): Promise<RedisConnection> {
    if (this.#proof !== undefined) return this.#proof
    if (!this.#ready || !this.#redis || !this.#isStale) return this.open()
    const proof = this.#confirmed(this.#redis)
    const over = () => {
      this.#proof = undefined
    }
    // As in `open`.
    proof.then(over, over)
    this.#proof = proof
    return proof
  }

  /** The one in use where it says that it is there; otherwise a new one. */
  async #confirmed(redis: RedisConnection): Promise<RedisConnection> {
    if (await isThere(redis)) this.#heardAtMs = performance.now()
    else this.#abandon(redis)
    return this.open()
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
    for (const deadline of this.#deadlines) deadline.stop()
    const standing = [...this.#standing]
    const ends = standing.map((redis) => new Promise<void>((resolve) => redis.on('end', resolve)))
    for (const redis of standing) this.#abandon(redis)
    await Promise.all(ends)
  }

  async #connect(): Promise<RedisConnection> {
    if (this.#closed) throw new Error('these locks were closed')
    const redis = this.#options.make()
    this.#redis = redis
    this.#standing.add(redis)
    redis.on('error', (error) => this.#heardOf(redis, error))
    redis.on('end', () => {
      this.#standing.delete(redis)
      this.#forget(redis)
    })
    this.#sent()
    try {
      await redis.connect()
      if (this.#users === 0) redis.stream?.unref?.()
      await this.#options.prepare?.(redis)
    } catch (error) {
      this.#abandon(redis)
      throw whyNotOpened(this.#reasons.get(redis) ?? error, redis)
    } finally {
      this.#answered()
    }
    gatherCommands(redis, () => this.#users === 1)
    return redis
  }

  /** The first reason is the one: what follows tells of the end. */
  #heardOf(redis: RedisConnection, error: Error): void {
    const reason = reasonIn(error)
    if (reason && !this.#reasons.has(redis)) this.#reasons.set(redis, reason)
  }

  /** Whoever needs a connection next makes a new one, in this very turn of the event loop: nothing is sent over this one any more. False: it was forgotten before. */
  #forget(redis: RedisConnection): boolean {
    if (this.#redis !== redis) return false
    const wasReady = this.#ready
    this.#redis = undefined
    this.#opening = undefined
    this.#ready = false
    if (wasReady) this.#options.onBroken?.()
    return true
  }

  /** For a whole time limit nothing was heard. */
  #giveUp(): void {
    const redis = this.#redis
    // As long as nobody told what to log in with, nothing was asked of the server.
    if (redis && redis.status !== 'wait')
      this.#heardOf(redis, new Error(`no answer within ${this.#options.replyTimeoutMs} ms`))
    this.#abandon()
  }

  /** Whether the server did what was asked last is not known. */
  #abandon(redis = this.#redis): void {
    if (redis === undefined) return
    this.#forget(redis)
    redis.disconnect()
    redis.stream?.destroy()
  }
}

/** To refuse is to answer: with a code, in capitals. */
const REFUSAL = /^[A-Z]+ /

/** Whether there is an answer in time. In small letters: by that name alone `ioredis` 5 and `iovalkey` let it pass where channels are listened to. */
const isThere = (redis: RedisConnection): Promise<boolean> =>
  new Promise((resolve) => {
    // After a process was blocked, timers come before what has arrived meanwhile: that is read first.
    const late = setTimeout(() => setImmediate(resolve, false), PROBE_MS).unref()
    const told = (isThere: boolean) => {
      clearTimeout(late)
      resolve(isThere)
    }
    redis.call('ping').then(
      () => told(true),
      (error: Error) => told(REFUSAL.test(error.message)),
    )
  })
