import { redisBackend } from '@leasehold/redis'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient } from 'redis'
import { assertUnreachable } from './unreachable.js'

const once = { port: 1, lazyConnect: true, retryStrategy: () => null }

export async function main() {
  for (const client of [new Redis(once), new Valkey(once)]) {
    client.on('error', () => {})
    await assertUnreachable(redisBackend({ client }))
    client.disconnect()
  }
  const client = createClient({ socket: { port: 1, reconnectStrategy: false } })
  client.on('error', () => {})
  await assertUnreachable(redisBackend({ client }))
}
