import { askRedis, startRedisWithClock } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { redis } from '../src/index.ts'
import { claimOn, terms, visit } from './standing.ts'

const HOUR_MS = 3_600_000

const server = await startRedisWithClock({ settings: { save: '""' } })
const backend = redis({ client: new Redis(server.url, { lazyConnect: true }) })
afterAll(async () => {
  await backend.close?.()
  await server.stop()
})
beforeEach(() => server.shiftClock(0))

const serverSeconds = async () => Number((await askRedis(server, 'time')).split('\n')[0])

describe('a clock of the server that jumps', () => {
  it('forward ends holds early: tokens go on, and the late holder can do nothing to its successor', async () => {
    const [early, next] = [claimOn('forward'), claimOn('forward')]
    const grant = await backend.tryAcquire(early, terms())
    const before = await serverSeconds()
    await server.shiftClock(HOUR_MS)
    expect((await serverSeconds()) - before).toBeGreaterThanOrEqual(3_600)
    const successor = await backend.tryAcquire(next, terms())
    expect(grant.granted && successor.granted && successor.fencingToken > grant.fencingToken).toBe(true)
    expect(await backend.renew([early], 60_000)).toEqual(['gone'])
    expect(await backend.release(early)).toBe(false)
    expect((await backend.renew([next], 60_000))[0]).toMatchObject({ granted: true })
    expect(await backend.release(next)).toBe(true)
  })

  it('back lets tokens go on by one, and leaves the key with its holder, who can give it up', async () => {
    await server.shiftClock(HOUR_MS)
    const holder = claimOn('back')
    const grant = await backend.tryAcquire(holder, terms(1_000))
    const token = grant.granted ? grant.fencingToken : 0n
    expect(token).toBeGreaterThan(0n)
    await server.shiftClock(0)
    const refused = await backend.tryAcquire(claimOn('back'), terms())
    expect(refused).toMatchObject({ granted: false })
    expect((await backend.renew([holder], 1_000))[0]).toMatchObject({ granted: true, fencingToken: token })
    expect(await backend.release(holder)).toBe(true)
    expect(await visit(backend, 'back')).toBe(token + 1n)
  })
})
