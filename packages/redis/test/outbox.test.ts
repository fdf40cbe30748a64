import { Redis } from 'ioredis'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { gatherCommands } from '../src/outbox.ts'
import { startStanding } from './standing.ts'

const standing = await startStanding()
afterAll(standing.stop)

async function openGathering(isAlone: () => boolean) {
  const redis = new Redis(standing.server.url, { lazyConnect: true })
  await redis.connect()
  gatherCommands(redis, isAlone)
  const written = vi.spyOn(redis.stream, 'write')
  return { redis, written, [Symbol.dispose]: () => redis.disconnect() }
}

describe('an outbox', () => {
  it('writes once what is sent in one turn of the loop, in its order, and everybody gets an answer', async () => {
    using gathering = await openGathering(() => false)
    const { redis, written } = gathering
    const later = Promise.resolve().then(() => redis.call('INCR', 'sent'))
    const answers = await Promise.all([redis.call('INCR', 'sent'), redis.call('INCR', 'sent'), later])
    expect(answers).toEqual([1, 2, 3])
    expect(written).toHaveBeenCalledTimes(1)
    expect(await redis.call('INCR', 'sent')).toBe(4)
    expect(written).toHaveBeenCalledTimes(2)
  })

  it('keeps bytes, and their place', async () => {
    using gathering = await openGathering(() => false)
    const { redis } = gathering
    const bytes = Buffer.from([0xff, 0x00, 0xfe])
    const [, , length, text] = await Promise.all([
      redis.call('SET', 'bytes', 'text'),
      redis.call('SET', 'bytes', bytes),
      redis.call('STRLEN', 'bytes'),
      redis.call('ECHO', 'after'),
    ])
    expect([length, text]).toEqual([3, 'after'])
    expect(await redis.getBuffer('bytes')).toEqual(bytes)
  })

  it('lets the driver know which channels it has left', async () => {
    using gathering = await openGathering(() => false)
    const { redis } = gathering
    expect(await redis.call('ssubscribe', 'one')).toBe(1)
    expect(await redis.call('ssubscribe', 'other')).toBe(2)
    expect(await redis.call('sunsubscribe', 'one')).toBe(1)
    expect(await redis.call('ssubscribe', 'third')).toBe(2)
  })

  it('does not let a single caller wait', async () => {
    using gathering = await openGathering(() => true)
    const { redis, written } = gathering
    const answer = redis.call('PING')
    expect(written).toHaveBeenCalledTimes(1)
    expect(await answer).toBe('PONG')
  })
})
