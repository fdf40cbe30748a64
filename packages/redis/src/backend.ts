import { type Clock, type LockBackend, systemClock } from '@leasehold/core'
import { attemptOf, attemptsOf, inspectionOf, renewalsOf } from './answers.ts'
import { Connection } from './connection.ts'
import { allNames, keyNames } from './key-names.ts'
import { Line } from './line.ts'
import { namespaceOf } from './namespace.ts'
import type { RedisClient } from './redis-shapes.ts'
import { classifyRedisError } from './refusals.ts'
import { safeSettings } from './safe-settings.ts'
import { acquire } from './scripts/acquire.ts'
import { acquireAll } from './scripts/acquire-all.ts'
import { inspect } from './scripts/inspect.ts'
import { renew } from './scripts/renew.ts'
import { Turns } from './turns.ts'
import { CLAIM_WINDOW_MS } from './waiting-times.ts'

export interface RedisOptions {
  /** Yours: an `ioredis` client of one node. It is duplicated with safe settings, and otherwise left alone. */
  readonly client: RedisClient
  /** What the names of all keys and channels begin with, after the client's `keyPrefix`. Without braces. Default `leasehold:`. */
  readonly prefix?: string | undefined
  /** The clock that `createLocks` was given, if it was given one. */
  readonly clock?: Clock | undefined
  /** After how much silence a connection counts as broken, in milliseconds: not less than the engine's `requestTimeoutMs`. Default 3000. */
  readonly replyTimeoutMs?: number | undefined
}

/**
 * Locks on one Redis. *Exclusion of valid leases* while the server keeps its data and its clock does not jump; *fenced safety* over any loss
 * of data, unless the clock is behind as well.
 */
export function redis({ client, prefix, clock = systemClock, replyTimeoutMs = 3000 }: RedisOptions): LockBackend {
  const namespace = namespaceOf(client, prefix)
  const make = () => client.duplicate(safeSettings(replyTimeoutMs))
  const connection = new Connection(make, replyTimeoutMs)
  const turns = new Turns(make, replyTimeoutMs, namespace)
  const line = new Line(connection, turns, clock, namespace)
  const names = (key: string): string[] => allNames(keyNames(namespace, key))

  return {
    name: 'redis',
    // Whether a restart keeps the holds depends on the server's settings.
    capabilities: { fifo: true, handOff: true, survivesRestart: false, slackMs: CLAIM_WINDOW_MS + 500, minTtlMs: 1 },
    async tryAcquire({ key, holder }, { ttlMs, metadata = '' }) {
      return attemptOf(await connection.run(acquire, names(key), [namespace, holder, ttlMs, metadata]))
    },
    async tryAcquireAll(claims, { ttlMs, metadata = '' }) {
      const keys = claims.flatMap(({ key }) => names(key))
      const holders = claims.map(({ holder }) => holder)
      return attemptsOf(await connection.run(acquireAll, keys, [namespace, ttlMs, metadata, ...holders]))
    },
    async renew(claims, ttlMs) {
      const holds = claims.map(({ key }) => keyNames(namespace, key).hold)
      return renewalsOf(await connection.run(renew, holds, [ttlMs, ...claims.map(({ holder }) => holder)]))
    },
    release: (claim, next) => line.release(claim, next),
    waitForTurn: (claim, terms, signal) => line.wait(claim, terms, signal),
    async inspect(key) {
      return inspectionOf(await connection.run(inspect, [keyNames(namespace, key).hold], []))
    },
    classifyError: classifyRedisError,
    async close() {
      await Promise.all([connection.close(), turns.close()])
    },
  }
}
