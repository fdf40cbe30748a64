import type { RedisClient } from './redis-shapes.ts'

const PLAIN = /^[^\s{}\0]{1,100}$/

/** What all names begin with. The duplicates have no `keyPrefix`: channels would go without it. */
export function namespaceOf(client: RedisClient, prefix = 'leasehold:'): string {
  if ((client as { readonly isCluster?: unknown }).isCluster === true) {
    throw new TypeError('redis({ client }) takes a client of one node: Redis Cluster is not supported yet')
  }
  if (!PLAIN.test(prefix)) throw new TypeError('prefix must be 1 to 100 characters without braces and white space')
  return `${client.options.keyPrefix ?? ''}${prefix}`
}
