import { createLocks, forceRelease, type LockEvent, list, semaphore, shared } from '@leasehold/core'
import { TcpProxy, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { claimOn, PATIENT, startTestEtcd, terms, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

const HOUR_S = 3_600

describe('a hold that is ended by force', () => {
  it('is told with the reason to whoever hears deletions, at once, and those who wait stay in line', async () => {
    const told: LockEvent[] = []
    const locks = createLocks(etcd.open(), { ...PATIENT, onEvent: (event) => void told.push(event) })
    const key = uniqueKey()
    // Who has waited hears deletions.
    const first = await locks.named(uniqueKey()).acquire()
    const waited = locks.named(first.key).acquire()
    await first.release()
    await (await waited).release()
    const lease = await locks.named(key).acquire({ ttlMs: 60_000 })
    const rival = createLocks(etcd.open(), { ...PATIENT, pollMs: 60_000 })
    const waiting = [rival.named(key).acquire({ waitMs: 60_000 })]
    await until('it stands in line', async () => (await etcd.keys()).length === 2)
    expect(await forceRelease(rival, key, { reason: 'for the test' })).toBe(1)
    const [next] = await Promise.all(waiting)
    await until('it is told', () => told.some(({ type }) => type === 'lost'))
    expect(told.find(({ type }) => type === 'lost')).toMatchObject({ reason: 'forced', why: 'for the test' })
    expect(next?.fencingToken).toBeGreaterThan(lease.fencingToken)
    next?.assertHeld()
    await rival.close()
    await locks.close()
  })

  it('is told for an hour at least, also after whoever ended it has gone', async () => {
    const [backend, operator] = [etcd.open(), etcd.open()]
    const key = uniqueKey()
    const claims = [{ kind: 'shared' } as const, { kind: 'shared' } as const].map((share) => ({
      ...claimOn(key),
      share,
    }))
    for (const claim of claims) await backend.tryAcquire(claim, terms())
    const leases = await etcd.raw.leaseClient.leaseLeases()
    expect(await operator.forceRelease?.(key, 'for the test')).toBe(2)
    await operator.close?.()
    const added = (await etcd.raw.leaseClient.leaseLeases()).leases.filter(
      ({ ID }) => !leases.leases.some((known) => known.ID === ID),
    )
    expect(added).toHaveLength(1)
    const { TTL } = await etcd.raw.leaseClient.leaseTimeToLive({ ID: added[0]?.ID ?? '' })
    expect(Number(TTL)).toBeGreaterThanOrEqual(HOUR_S)
    const stranger = { ...claimOn(key), ttlMs: 60_000 }
    const asked = [...claims.map((claim) => ({ ...claim, ttlMs: 60_000 })), stranger]
    for (const by of [backend, etcd.open()])
      expect(await by.renew(asked)).toEqual(['gone: for the test', 'gone: for the test', 'gone'])
    expect(await backend.releaseAll?.(claims)).toEqual([false, false])
    expect(await etcd.keys()).toEqual([])
  })

  it('leaves one etcd lease behind, however many are, and another one where etcd has lost that', async () => {
    const [backend, operator] = [etcd.open(), etcd.open()]
    const leases = async () => (await etcd.raw.leaseClient.leaseLeases()).leases.map(({ ID }) => ID)
    const forced = async () => {
      const claim = claimOn(uniqueKey())
      await backend.tryAcquire(claim, terms())
      expect(await operator.forceRelease?.(claim.key, 'for the test')).toBe(1)
      expect(await backend.renew([{ ...claim, ttlMs: 60_000 }])).toEqual(['gone: for the test'])
    }
    await forced()
    const before = await leases()
    for (let times = 0; times < 5; times += 1) await forced()
    expect(await leases()).toEqual(before)
    // Also those of the holder.
    await Promise.all(before.map((ID) => etcd.raw.leaseClient.leaseRevoke({ ID })))
    await forced()
  })
})

describe('a list', () => {
  it('of more than fits into a page has every hold once, and nobody who waits', async () => {
    const backend = etcd.open()
    const locks = createLocks(backend, PATIENT)
    const prefix = `${uniqueKey()}/é:`
    const readers = Array.from({ length: 10 }, () => shared(locks, `${prefix}read`).acquire())
    const permits = Array.from({ length: 5 }, () => semaphore(locks, `${prefix}count`, 5).acquire())
    const alone = Array.from({ length: 500 }, (_, i) => locks.named(`${prefix}${i}`).acquire())
    await Promise.all([...readers, ...permits, ...alone])
    await locks.named(uniqueKey()).acquire()
    const waiting = claimOn(`${prefix}7`)
    const abort = new AbortController()
    const waits = backend.waitForTurn?.(waiting, terms(), abort.signal)
    await until('it stands in line', async () => (await etcd.keys()).length === 517)
    const found = await list(locks, { prefix, limit: 10_000 })
    expect(found).toHaveLength(515)
    expect(new Set(found.map(({ key, fencingToken }) => `${key} ${fencingToken}`)).size).toBe(515)
    expect(found.every(({ key }) => key.startsWith(prefix))).toBe(true)
    expect(await list(locks, { prefix: `${prefix}read` })).toHaveLength(10)
    expect(await list(locks, { prefix, limit: 17 })).toHaveLength(17)
    expect(await list(locks, { prefix: `${prefix}none` })).toEqual([])
    expect(await list(locks, { limit: 10_000 })).toHaveLength(516)
    abort.abort()
    await waits
    await backend.release(waiting)
    await locks.close()
  })

  it('leaves out what is not a lock', async () => {
    await etcd.raw.put('leasehold/%/strange').value('x')
    const locks = createLocks(etcd.open(), PATIENT)
    expect((await list(locks)).filter(({ key }) => key.includes('strange'))).toEqual([])
    await etcd.raw.delete().key('leasehold/%/strange')
    await locks.close()
  })
})

it('metadata that are replaced leave the slots and the etcd lease as they were', async () => {
  const backend = etcd.open()
  const key = uniqueKey()
  const claim = { ...claimOn(key), share: { kind: 'permits', take: 2, of: 3 } as const }
  const grant = await backend.tryAcquire(claim, { ttlMs: 60_000, metadata: '{"line":\n1}' })
  const [before] = await etcd.places()
  expect(await backend.annotate?.(claim, '"a\\nb"')).toBe(true)
  const [after] = await etcd.places()
  expect(after).toMatchObject({ lease: before?.lease, create_revision: before?.create_revision })
  expect(await backend.inspect?.(key)).toMatchObject([{ metadata: '"a\\nb"', share: claim.share, slots: [0, 1] }])
  expect(await backend.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([
    { fencingToken: grant.granted && grant.fencingToken, slots: [0, 1] },
  ])
  await backend.release(claim)
})

it('a watch goes on after the way to etcd was cut, and ends with its signal', async () => {
  const proxy = await TcpProxy.open(etcd.server)
  const watcher = etcd.open({ hosts: proxy.through(etcd.server.url).replace(/\/$/, ''), deadlineMs: 1_000 })
  const abort = new AbortController()
  const key = uniqueKey()
  let changes = 0
  watcher.watch?.(key, abort.signal, () => {
    changes += 1
  })
  await until('it begins', () => changes === 1)
  proxy.cut()
  proxy.heal()
  await until('it begins again', () => changes === 2)
  const backend = etcd.open()
  const claim = claimOn(key)
  await backend.tryAcquire(claim, terms())
  await until('the grant is told', () => changes === 3)
  abort.abort()
  await backend.release(claim)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(changes).toBe(3)
  await watcher.close?.()
  await proxy.close()
})
