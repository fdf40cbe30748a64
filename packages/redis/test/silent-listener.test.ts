import { startRedis } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey } from 'iovalkey'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Connection } from '../src/connection.ts'
import type { RedisConnection } from '../src/redis-shapes.ts'

const server = await startRedis({ own: true })
afterAll(() => server.stop())
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

it.each([
  ['ioredis 6', Redis],
  ['ioredis 5', Redis5],
  ['iovalkey', Valkey],
])('a connection that listens, and was silent for long, is asked and kept: %s', async (_, Client) => {
  const made: RedisConnection[] = []
  const make = () => {
    const redis = new Client(server.url, { lazyConnect: true, enableReadyCheck: false, retryStrategy: () => null })
    made.push(redis as unknown as RedisConnection)
    return redis as unknown as RedisConnection
  }
  const connection = new Connection({ make, replyTimeoutMs: 3000 })
  await connection.ask('ssubscribe', 'first')
  vi.advanceTimersByTime(11_000)
  expect(await connection.ask('ssubscribe', 'second')).toBe(2)
  expect(made).toHaveLength(1)
  await connection.close()
})
