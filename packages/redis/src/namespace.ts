import type { RedisClient, RedisClusterClient } from './redis-shapes.ts'

const PLAIN = /^[^\s{}\0]{1,100}$/

/** What all names begin with. The duplicates have no `keyPrefix`: channels would go without it. */
export function namespaceOf(client: RedisClient | RedisClusterClient, prefix = 'leasehold:'): string {
  if (typeof client?.duplicate !== 'function')
    throw new TypeError('client must be a client of ioredis, or behave as one')
  if (!PLAIN.test(prefix)) throw new TypeError('prefix must be 1 to 100 characters without braces and white space')
  return `${client.options.keyPrefix ?? ''}${prefix}`
}
