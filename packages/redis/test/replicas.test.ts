import { createLocks, type Locks } from '@leasehold/core'
import { askRedis, startRedisReplica, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { redisBackend, type WaitReplicas } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { PASSWORD } from './permissions.ts'
import { startStanding } from './standing.ts'

const standing = await startStanding()
const { ask, server } = standing
const replica = await startRedisReplica(server)
afterAll(async () => {
  await replica.stop()
  await standing.stop()
})

const open = (waitReplicas: WaitReplicas) =>
  redisBackend({ client: new Redis(server.url, { lazyConnect: true }), waitReplicas })

// The primary counts a replica from its first acknowledgement of what was written on, up to a second after it has the data.
const [rehearsing, rehearsal] = [open({ count: 1 }), claimOn('rehearsal')]
const rehearse = () => rehearsing.tryAcquire(rehearsal, terms())
const counts = () => rehearse().then(({ granted }) => granted)
await until('the replica counts', () => counts().catch(() => false))
await rehearsing.close?.()

const onReplica = (key: string) => askRedis(replica, 'hget', keyNames('leasehold:', key).hold, 'token')

describe('a grant that waits for replicas', () => {
  it('is there when it is told: acquired, renewed, and with a turn', async () => {
    const patient = { count: 1, timeoutMs: 2500 }
    const [one, other] = [open(patient), open(patient)].map((each) =>
      createLocks(each, { pollMs: 60_000, requestTimeoutMs: 3000 }),
    ) as [Locks, Locks]
    const lease = await one.named('copied').acquire()
    expect(await onReplica('copied')).toBe(String(lease.fencingToken))
    const waiting = other.named('copied').acquire()
    await until('it stands in line', async () => (await ask('exists', keyNames('leasehold:', 'copied').queue)) === '1')
    await lease.renew()
    await lease.release()
    const next = await waiting
    expect(await onReplica('copied')).toBe(String(next.fencingToken))
    await Promise.all([one.close(), other.close()])
  })

  it('is none without them, and leaves nothing behind', async () => {
    const locks = createLocks(open({ count: 2, timeoutMs: 100 }))
    await expect(locks.named('lonely').tryAcquire()).rejects.toThrow(/[01] of 2 replicas/)
    await until('it is withdrawn', async () => (await ask('exists', keyNames('leasehold:', 'lonely').hold)) === '0')
    await locks.close()
  })

  it('is none where its user may not ask for them, and leaves nothing behind', async () => {
    await ask('acl', 'setuser', 'hasty', 'on', `>${PASSWORD}`, '~*', '&*', '+@all', '-wait')
    const client = new Redis(server.url, { username: 'hasty', password: PASSWORD, lazyConnect: true })
    const locks = createLocks(redisBackend({ client, waitReplicas: { count: 1 } }), { ttlMs: 600_000 })
    const attempts = ['one', 'two'].map((key) => locks.named(`hasty ${key}`).tryAcquire())
    for (const attempt of await Promise.allSettled(attempts))
      expect(attempt).toMatchObject({
        reason: { code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining('the replicas were not asked') },
      })
    await until('both are withdrawn', async () => (await ask('keys', 'leasehold:*hasty*:hold')) === '')
    await locks.close()
  })

  it('whose renewal they lack is in jeopardy, and not extended', async () => {
    const [patient, backend] = [open({ count: 1, timeoutMs: 2500 }), open({ count: 1, timeoutMs: 100 })]
    const claim = claimOn('lagging')
    await patient.tryAcquire(claim, terms())
    await patient.close?.()
    replica.freeze()
    const failure = await backend.renew([{ ...claim, ttlMs: 90_000 }]).catch((error: Error) => error.message)
    replica.thaw()
    expect(failure).toContain('0 of 1 replicas')
    await backend.close?.()
  })

  it('shares the wait with others: many grants, few WAITs', async () => {
    const backend = open({ count: 1, timeoutMs: 2500 })
    await backend.inspect?.('any')
    await ask('config', 'resetstat')
    const claims = Array.from({ length: 100 }, (_, index) => claimOn(`shared ${index}`))
    await Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms())))
    const [, waits] = /cmdstat_wait:calls=(\d+)/.exec(await ask('info', 'commandstats')) ?? []
    expect(Number(waits)).toBeLessThan(50)
    await backend.close?.()
  })

  it('is asked for in whole numbers', () => {
    for (const waitReplicas of [{ count: 0 }, { count: 1.5 }, { count: 1, timeoutMs: 0 }])
      expect(() => open(waitReplicas)).toThrow(RangeError)
  })
})
