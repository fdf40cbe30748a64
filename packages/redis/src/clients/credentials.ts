import type { RedisConnection } from '../redis-shapes.ts'
import { isNodeRedis } from './node-redis.ts'

/** What a connection logs in with. */
export interface RedisCredentials {
  /** Default: the user that the server calls `default`. */
  readonly username?: string | undefined
  readonly password: string
}

export type AskCredentials = () => RedisCredentials | Promise<RedisCredentials>

export function assertCredentials(ask: unknown, clients: readonly object[]): void {
  if (ask === undefined) return
  if (typeof ask !== 'function') throw new TypeError('credentials must be a function that tells username and password')
  if (clients.some(isNodeRedis))
    throw new TypeError(
      'credentials are for clients of ioredis and iovalkey: give a client of node-redis a credentialsProvider',
    )
}

/** Asks what to log in with before it is opened. */
export function askingFirst(
  redis: RedisConnection,
  ask: AskCredentials | undefined,
  patienceMs: number,
): RedisConnection {
  if (ask === undefined) return redis
  const connect = redis.connect.bind(redis)
  redis.connect = async () => {
    const { username, password } = await toldWithin(ask, patienceMs)
    // It would be opened although it was given up meanwhile.
    if (redis.status === 'end') throw new Error('the connection was closed')
    Object.assign(redis.options ?? {}, { username: username ?? null, password })
    await connect()
  }
  return redis
}

/** Nobody waits longer for what may never come. */
export async function toldWithin(ask: AskCredentials, patienceMs: number): Promise<RedisCredentials> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`nobody told within ${patienceMs} ms what to log in with`)
    timer = setTimeout(() => reject(error), patienceMs)
  })
  try {
    return await Promise.race([ask(), late])
  } finally {
    clearTimeout(timer)
  }
}
