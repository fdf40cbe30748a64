import type { Clock } from '@leasehold/core'
import type { RedisCommander } from '../redis-shapes.ts'

/** `uptime_in_seconds` is the difference of two whole seconds. */
const ROUNDING_MS = 1000
/** Clocks run at different rates. */
const DRIFT = 1.01

/**
 * What is known of the server process behind a connection: a restart ends the connection, so that this holds as long as it stands. A process that is younger than the longest TTL may
 * have forgotten a hold of its predecessor.
 */
export class ServerLife {
  readonly #clock: Clock
  readonly #maxTtlMs: number | undefined
  readonly #claimIdentity: (runId: string) => void
  #countsFromMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock, maxTtlMs: number | undefined, claimIdentity: (runId: string) => void) {
    this.#clock = clock
    this.#maxTtlMs = maxTtlMs
    this.#claimIdentity = claimIdentity
  }

  get counts(): boolean {
    return this.#clock.now().monotonicMs >= this.#countsFromMs
  }

  /** Of a new connection, before anything else is asked over it. */
  async begin(redis: RedisCommander): Promise<void> {
    this.#countsFromMs = Number.POSITIVE_INFINITY
    const askedMs = this.#clock.now().monotonicMs
    const info = String(await redis.call('INFO'))
    this.#claimIdentity(field(info, 'run_id'))
    if (this.#maxTtlMs !== undefined) {
      const upMs = Number(field(info, 'uptime_in_seconds')) * 1000 - ROUNDING_MS
      // Nothing known: NaN never comes.
      this.#countsFromMs = askedMs + 1 + this.#maxTtlMs * DRIFT - upMs
    } else if (field(info, 'aof_enabled') === '1') this.#countsFromMs = askedMs
    else throw new Error('the node is said to be durable, but has appendonly off')
  }
}

const field = (info: string, name: string): string => new RegExp(`^${name}:(\\S*)`, 'm').exec(info)?.[1] ?? ''
