import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey } from 'iovalkey'
import { createClient as createClient5 } from 'redis'
import { createClient as createClient4 } from 'redis4'
import { createClient as createClient6 } from 'redis6'
import type { NodeRedisClient, NodeRedisDuplicate, RedisClient } from '../src/index.ts'

interface ClientOptions {
  readonly username?: string
  readonly password?: string
  readonly database?: number
  /** By which the server knows its connections. */
  readonly name?: string
}

/** Clients of one library, in one of its ways. None of them is ever connected. */
export interface Library {
  readonly library: string
  client(url: string, options?: ClientOptions): RedisClient | NodeRedisClient
}

interface NodeRedisLibrary extends Library {
  client(...own: Parameters<Library['client']>): NodeRedisClient & NodeRedisDuplicate
}

/** In the words of `ioredis`. */
const likeIoredis = ({ name, database, ...credentials }: ClientOptions = {}) => ({
  lazyConnect: true,
  ...credentials,
  ...(name === undefined ? {} : { connectionName: name }),
  ...(database === undefined ? {} : { db: database }),
})

export const nodeRedisLibraries: readonly NodeRedisLibrary[] = [
  { library: 'node-redis 4', client: (url, options) => createClient4({ url, ...options }) },
  { library: 'node-redis 5', client: (url, options) => createClient5({ url, ...options }) },
  { library: 'node-redis 5 in RESP3', client: (url, options) => createClient5({ url, RESP: 3, ...options }) },
  { library: 'node-redis 6', client: (url, options) => createClient6({ url, ...options }) },
  { library: 'node-redis 6 in RESP2', client: (url, options) => createClient6({ url, RESP: 2, ...options }) },
]

export const libraries: readonly Library[] = [
  { library: 'ioredis 6', client: (url, options) => new Redis(url, likeIoredis(options)) },
  { library: 'ioredis 5', client: (url, options) => new Redis5(url, likeIoredis(options)) },
  { library: 'iovalkey', client: (url, options) => new Valkey(url, likeIoredis(options)) },
  ...nodeRedisLibraries,
]
