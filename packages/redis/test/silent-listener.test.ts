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

const LAZY = { lazyConnect: true, enableReadyCheck: false, retryStrategy: () => null }

it.each([
  ['ioredis 6', (url: string) => new Redis(url, LAZY)],
  ['ioredis 5', (url: string) => new Redis5(url, LAZY)],
  ['iovalkey', (url: string) => new Valkey(url, LAZY)],
])('a connection that listens, and was silent for long, is asked and kept: %s', async (_, clientOf) => {
  const made: RedisConnection[] = []
  const make = () => {
    const redis = clientOf(server.url)
    made.push(redis)
    return redis
  }
  const connection = new Connection({ make, replyTimeoutMs: 3000 })
  await connection.ask('ssubscribe', 'first')
  vi.advanceTimersByTime(11_000)
  expect(await connection.ask('ssubscribe', 'second')).toBe(2)
  expect(made).toHaveLength(1)
  await connection.close()
})

it('what is asked while that is asked is sent in its order', async () => {
  const sent: string[] = []
  const redis = {
    connect: async () => {},
    call: async (command: string) => void (command === 'ping' || sent.push(command)),
    on() {},
    disconnect() {},
  } as unknown as RedisConnection
  const connection = new Connection({ make: () => redis, replyTimeoutMs: 3000 })
  // Also while it is opened.
  const opened = Array.from({ length: 20 }, (_, nth) => `opened ${nth}`)
  await Promise.all(await askedOneByOne(connection, opened))
  expect(sent.splice(0)).toEqual(opened)
  vi.advanceTimersByTime(11_000)
  const asked = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
  await Promise.all(await askedOneByOne(connection, asked))
  expect(sent).toEqual(asked)
})

/** Between two of them, whatever is due at once happens. */
async function askedOneByOne(connection: Connection, commands: readonly string[]): Promise<Promise<unknown>[]> {
  const answers: Promise<unknown>[] = []
  for (const command of commands) {
    answers.push(connection.ask(command))
    await Promise.resolve()
  }
  return answers
}
