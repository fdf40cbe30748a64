import { askRedis, type RedisWithClock, type Server, startRedisWithClock, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { redisBackend, redisQuorumBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, permits, SHARED, shareOf, terms } from './claims.ts'
import { visit } from './standing.ts'

const HOUR_MS = 3_600_000

const servers = await Promise.all(
  [1, 2, 3].map(() => startRedisWithClock({ settings: { save: '""', appendonly: 'yes' } })),
)
const [server] = servers as [RedisWithClock]
const client = ({ url }: Server) => new Redis(url, { lazyConnect: true })
const backend = redisBackend({ client: client(server) })
const quorum = redisQuorumBackend({ clients: servers.map(client), durable: true })
const shiftClocks = (ms: number) => Promise.all(servers.map((each) => each.shiftClock(ms)))
afterAll(async () => {
  await backend.close?.()
  await quorum.close?.()
  for (const each of servers) await each.stop()
})
beforeEach(() => shiftClocks(0))

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
    expect(await backend.renew([{ ...early, ttlMs: 60_000 }])).toEqual(['gone'])
    expect(await backend.release(early)).toBe(false)
    expect((await backend.renew([{ ...next, ttlMs: 60_000 }]))[0]).toMatchObject({ granted: true })
    expect(await backend.release(next)).toBe(true)
  })

  it('back lets tokens go on by ten, and leaves the key with its holder, who can give it up', async () => {
    await server.shiftClock(HOUR_MS)
    const holder = claimOn('back')
    const grant = await backend.tryAcquire(holder, terms(1_000))
    const token = grant.granted ? grant.fencingToken : 0n
    expect(token).toBeGreaterThan(0n)
    await server.shiftClock(0)
    const refused = await backend.tryAcquire(claimOn('back'), terms())
    expect(refused).toMatchObject({ granted: false })
    expect((await backend.renew([{ ...holder, ttlMs: 1_000 }]))[0]).toMatchObject({
      granted: true,
      fencingToken: token,
    })
    expect(await backend.release(holder)).toBe(true)
    expect(await visit(backend, 'back')).toBe(token + 10n)
  })

  it('forward ends shares early, and their late holders can do nothing to who came since', async () => {
    const [early, next] = [shareOf('shares forward', permits(1)), shareOf('shares forward', permits(1))]
    await backend.tryAcquire(early, terms())
    await server.shiftClock(HOUR_MS)
    expect(await backend.tryAcquire(next, terms())).toMatchObject({ granted: true, slots: [0] })
    expect(await backend.renew([{ ...early, ttlMs: 60_000 }])).toEqual(['gone'])
    expect(await backend.release(early)).toBe(false)
    expect(await backend.release(next)).toBe(true)
  })

  it('back leaves shares with their holders, tells no more than was asked for, and keeps no writer out when they are gone', async () => {
    await server.shiftClock(HOUR_MS)
    const [reader, another] = [shareOf('shares back', SHARED), shareOf('shares back', SHARED)]
    expect(await backend.tryAcquire(reader, terms(2_000))).toMatchObject({ granted: true })
    await server.shiftClock(0)
    expect(await backend.inspect?.(reader.key)).toMatchObject([{ remainingMs: expect.closeTo(HOUR_MS, -5) }])
    const grant = await backend.tryAcquire(another, terms(2_000))
    expect(await backend.renew([{ ...reader, ttlMs: 2_000 }])).toMatchObject([{ granted: true, ttlMs: 2_000 }])
    const again = await backend.tryAcquire(reader, terms(2_000))
    expect(again.granted && again.ttlMs).toBe(2_000)
    expect(again.granted && grant.granted && grant.fencingToken > again.fencingToken).toBe(true)
    expect(await backend.release(reader)).toBe(true)
    expect(await backend.tryAcquire(claimOn(reader.key), terms())).toMatchObject({ granted: false })
    await server.shiftClock(3_000)
    expect(await backend.tryAcquire(claimOn(reader.key), terms())).toMatchObject({ granted: true })
  })

  it.each([
    ['one node', backend, 'leasehold:', [server]],
    ['a quorum', quorum, 'leasehold-quorum:', servers],
  ])('back makes no lease longer than was asked for: %s', async (_, locks, prefix, its) => {
    await shiftClocks(HOUR_MS)
    const holder = claimOn('not longer')
    expect(await locks.tryAcquire(holder, terms(2_000))).toMatchObject({ granted: true })
    const { hold } = keyNames(prefix, holder.key)
    // Not all have to answer for a grant; none may keep the key by the other clock.
    for (const each of its)
      await until('it keeps the key', async () => (await askRedis(each, 'exists', hold)).trim() === '1')
    await shiftClocks(0)
    // The servers keep the key for an hour. Who trusted that would lose it, unseen, when their clocks are right again.
    expect(await locks.inspect?.(holder.key)).toMatchObject([{ remainingMs: expect.closeTo(HOUR_MS, -5) }])
    expect(await locks.renew([{ ...holder, ttlMs: 2_000 }])).toMatchObject([{ granted: true, ttlMs: 2_000 }])
    // Nodes of a quorum that differ in the token agree on one in a further round, and tell what is left.
    const again = await locks.tryAcquire(holder, terms(2_000))
    expect(again.granted && again.ttlMs).toBeLessThanOrEqual(2_000)
    expect(again.granted && again.ttlMs).toBeGreaterThan(0)
    expect(await locks.renew([{ ...holder, ttlMs: 3_000 }])).toMatchObject([{ granted: true, ttlMs: 3_000 }])
    expect(await locks.release(holder)).toBe(true)
  })
})
