import type { RedisConnection } from '../redis-shapes.ts'

/** Your client of one node, whichever library it is of. */
export interface NodeClient {
  /** What it puts before the names of keys. */
  readonly keyPrefix: string
  /** A duplicate of it, to be connected once. */
  duplicate(replyTimeoutMs: number): RedisConnection
  /** What is left to do over a new duplicate before anybody else may use it. */
  prepare(redis: RedisConnection): Promise<unknown>
}
