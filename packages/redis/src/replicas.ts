import type { RedisCommander } from './redis-shapes.ts'

/** How many replicas have to have a grant, and how long they may take. */
export interface WaitReplicas {
  /** At least 1. */
  readonly count: number
  /** In milliseconds; less than the engine's `requestTimeoutMs`, and than a third of the TTL. Default 500. */
  readonly timeoutMs?: number | undefined
}

const DEFAULT_TIMEOUT_MS = 500

/** A wish that was looked at. */
export interface ReplicaTerms {
  readonly count: number
  readonly timeoutMs: number
}

export function replicaTerms({ count, timeoutMs = DEFAULT_TIMEOUT_MS }: WaitReplicas): ReplicaTerms {
  if (!(Number.isSafeInteger(count) && count > 0))
    throw new RangeError('waitReplicas.count must be a whole number above 0')
  // 0 would be for ever.
  if (!(Number.isSafeInteger(timeoutMs) && timeoutMs > 0))
    throw new RangeError('waitReplicas.timeoutMs must be a whole number above 0')
  return { count, timeoutMs }
}

/**
 * WAIT, for what was written over one connection. It stops that connection, so one is under way at a time, and whoever comes meanwhile shares
 * the next one.
 */
export class Replicas {
  readonly #redis: RedisCommander
  readonly #terms: ReplicaTerms
  #current: Promise<unknown> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(redis: RedisCommander, terms: ReplicaTerms) {
    this.#redis = redis
    this.#terms = terms
  }

  /** Resolves when enough replicas have all that was answered before. */
  have(): Promise<void> {
    this.#next ??= this.#current.then(() => {
      this.#next = undefined
      const asked = this.#ask()
      this.#current = asked.catch(() => {})
      return asked
    })
    return this.#next
  }

  async #ask(): Promise<void> {
    const { count, timeoutMs } = this.#terms
    const confirmed = Number(await this.#redis.call('WAIT', count, timeoutMs).catch(notAsked))
    if (confirmed < count) throw new Error(`${confirmed} of ${count} replicas confirmed within ${timeoutMs} ms`)
  }
}

const NO_PERMISSION = 'NOPERM '

/** What was to be confirmed has taken effect. That WAIT is refused must not be taken for a refusal of that. */
function notAsked(error: unknown): never {
  if (!(error instanceof Error && error.message.startsWith(NO_PERMISSION))) throw error
  throw new Error(`the replicas were not asked: ${error.message.slice(NO_PERMISSION.length)}`)
}
