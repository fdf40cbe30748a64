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

  it('keeps the highest token when the value has expired', async () => {
    await fencedSet(client, 'short', 'a', 5n, { ttlMs: 60_000 })
    expect(await client.pttl('short')).toBeGreaterThan(0)
    await client.del('short')
    expect(isLeaseholdError(await refusal(fencedSet(client, 'short', 'b', 4n)), 'STALE_TOKEN')).toBe(true)
    expect(await client.get('short')).toBeNull()
  })

  it('checks token and time before anything is sent', async () => {
    await expect(fencedSet(client, 'unsent', 'a', -1n)).rejects.toThrow(TypeError)
    for (const ttlMs of [0, 0.5, Number.NaN]) {
      await expect(fencedSet(client, 'unsent', 'a', 1n, { ttlMs })).rejects.toThrow(RangeError)
    }
    expect(await client.exists('unsent')).toBe(0)
  })

  it('does not tell the value in an error', async () => {
    await client.hset('hash:fence', 'a', 'b')
    const error = await refusal(fencedSet(client, 'hash', 'secret value', 1n))
    expect(error).toBeInstanceOf(Error)
    expect(JSON.stringify([error, Object.entries(error as Error)])).not.toContain('secret value')
  })
})
