import { isLeaseholdError } from '@leasehold/core'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { fencedSet } from '../src/index.ts'
import { startStanding } from './standing.ts'

const standing = await startStanding()
const client = new Redis(standing.server.url)
afterAll(async () => {
  client.disconnect()
  await standing.stop()
})

const DAY_MS = 24 * 60 * 60 * 1000

const refusal = (promise: Promise<void>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a fenced value', () => {
  it('takes writes of the newest lease, and of none before', async () => {
    await fencedSet(client, 'price', 'old', 7n)
    await fencedSet(client, 'price', 'new', 8n)
    await fencedSet(client, 'price', 'newer', 8n)
    const error = await refusal(fencedSet(client, 'price', 'stale', 7n))
    expect(isLeaseholdError(error, 'STALE_TOKEN')).toBe(true)
    expect(await client.get('price')).toBe('newer')
  })

  it('compares tokens as numbers, also those that a double cannot tell apart', async () => {
    const token = 2n ** 53n + 1n
    await fencedSet(client, 'large', 'a', 999n)
    await fencedSet(client, 'large', 'b', token)
    expect(isLeaseholdError(await refusal(fencedSet(client, 'large', 'c', token - 1n)), 'STALE_TOKEN')).toBe(true)
    expect(await client.get('large')).toBe('b')
  })

  it('keeps the highest token for a day when the value has expired, and no longer', async () => {
    await fencedSet(client, 'short', 'a', 5n, { ttlMs: 60_000 })
    expect(await client.pttl('short')).toBeGreaterThan(0)
    const leftMs = await client.pttl('fence:{short}')
    expect(leftMs).toBeGreaterThan(DAY_MS)
    expect(leftMs).toBeLessThanOrEqual(DAY_MS + 60_000)
    await client.del('short')
    expect(isLeaseholdError(await refusal(fencedSet(client, 'short', 'b', 4n)), 'STALE_TOKEN')).toBe(true)
    expect(await client.get('short')).toBeNull()
  })

  it('keeps the highest token for ever where the value never ends', async () => {
    await fencedSet(client, 'brief', 'a', 5n, { ttlMs: 1 })
    await fencedSet(client, 'brief', 'b', 6n)
    expect(await client.pttl('fence:{brief}')).toBe(-1)
  })

  it('has its fence beside it, whatever your client puts before its name', async () => {
    const prefixed = new Redis(standing.server.url, { keyPrefix: 'app:' })
    await fencedSet(prefixed, 'prefixed', 'a', 5n)
    await fencedSet(prefixed, 'tagged {1}', 'a', 5n)
    prefixed.disconnect()
    expect(await client.get('app:fence:{app:prefixed}')).toBe('5')
    expect(await client.get('app:tagged {1}:fence')).toBe('5')
  })

  it('checks token and time before anything is sent', async () => {
    await expect(fencedSet(client, 'unsent', 'a', -1n)).rejects.toThrow(TypeError)
    for (const ttlMs of [0, 0.5, Number.NaN]) {
      await expect(fencedSet(client, 'unsent', 'a', 1n, { ttlMs })).rejects.toThrow(RangeError)
    }
    expect(await client.exists('unsent')).toBe(0)
  })

  it('does not tell the value in an error', async () => {
    await client.hset('fence:{hash}', 'a', 'b')
    const error = await refusal(fencedSet(client, 'hash', 'secret value', 1n))
    expect(error).toBeInstanceOf(Error)
    expect(JSON.stringify([error, Object.entries(error as Error)])).not.toContain('secret value')
  })
})
