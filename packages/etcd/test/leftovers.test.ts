import { allOf, type Claim, createLocks, isLeaseholdError, type Locks } from '@leasehold/core'
import { TcpProxy, until } from '@leasehold/test-services'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { claimOn, PATIENT, startTestEtcd, terms, uniqueKey } from './server.ts'

const TTL_MS = 1_000
const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

let proxy: TcpProxy
let locks: Locks
beforeEach(async () => {
  proxy = await TcpProxy.open(etcd.server)
  const hosts = proxy.through(etcd.server.url).replace(/\/$/, '')
  locks = createLocks(etcd.open({ hosts, deadlineMs: 1_000 }), { requestTimeoutMs: 1_500 })
})
afterEach(async () => {
  proxy.heal()
  await locks.close()
  await proxy.close()
})

const unavailable = (error: unknown) => isLeaseholdError(error, 'BACKEND_UNAVAILABLE')
const isClean = async () => (await etcd.leaseCount()) === 0 && (await etcd.keys()).length === 0

describe('what stays on the server', () => {
  it('is nothing after an orderly close', async () => {
    const patient = createLocks(etcd.open(), PATIENT)
    const one = await patient.named(uniqueKey()).acquire({ ttlMs: 60_000 })
    const other = await patient.named(uniqueKey()).acquire({ ttlMs: 30_000 })
    expect(await etcd.leaseCount()).toBe(2)
    await one.release()
    await other.release()
    await patient.close()
    expect(await isClean()).toBe(true)
  })

  it('is neither lease nor key after acquires whose answers are lost', async () => {
    // Connected, and on a warm session.
    await (await locks.named(uniqueKey()).acquire({ ttlMs: TTL_MS, waitMs: 30_000 })).release().catch(() => {})
    proxy.swallow('replies')
    const failures = await Promise.all(
      [TTL_MS, TTL_MS, 60_000].map((ttlMs) => locks.named(uniqueKey()).tryAcquire({ ttlMs }).catch(unavailable)),
    )
    expect(failures).toEqual([true, true, true])
    // What is asked for meanwhile does not arrive at all.
    proxy.swallow('requests')
    expect(await locks.named(uniqueKey()).tryAcquire({ ttlMs: 60_000 }).catch(unavailable)).toBe(true)
    proxy.heal()
    // An etcd lease of 60 s that was granted unheard is revoked, too.
    await until('nothing is left', isClean, 30_000)
  })

  it('blocks the queue no longer than the granted TTL after a write that nobody heard of', async () => {
    const kept = await locks.named(uniqueKey()).acquire({ ttlMs: TTL_MS, waitMs: 30_000 })
    const key = uniqueKey()
    proxy.swallow('replies')
    expect(await locks.named(key).tryAcquire({ ttlMs: TTL_MS }).catch(unavailable)).toBe(true)
    proxy.heal()
    const rival = createLocks(etcd.open(), PATIENT)
    const lease = await rival.named(key).acquire({ waitMs: 10_000 })
    lease.assertHeld()
    await rival.close()
    await kept.release().catch(() => {})
  })
})

it('a waiter that fell silent blocks those behind it no longer than the shortest etcd lease, whatever TTL it asked for', async () => {
  const [holder, rival] = [etcd.open(), createLocks(etcd.open(), PATIENT)]
  const held = claimOn(uniqueKey())
  await holder.tryAcquire(held, terms())
  const abort = new AbortController()
  const silenced = locks
    .named(held.key)
    .acquire({ ttlMs: 3_600_000, waitMs: 60_000, signal: abort.signal })
    .catch(() => 'gave up')
  await until('it stands in line', async () => (await etcd.keys()).length === 2)
  proxy.swallow('requests')
  proxy.swallow('replies')
  await holder.release(held)
  const lease = await rival.named(held.key).acquire({ waitMs: 10_000 })
  lease.assertHeld()
  abort.abort()
  expect(await silenced).toBe('gave up')
  await rival.close()
})

describe('an attempt whose answer was lost', () => {
  it('is found by its repetition, with one place and one token', async () => {
    const hosts = proxy.through(etcd.server.url).replace(/\/$/, '')
    const backend = etcd.open({ hosts, deadlineMs: 300 })
    const claim = claimOn(uniqueKey())
    await backend.release(claim)
    const warm = claimOn(uniqueKey())
    await backend.tryAcquire(warm, terms())
    proxy.swallow('replies')
    await expect(backend.tryAcquire(claim, terms())).rejects.toThrow()
    expect((await etcd.keys()).length).toBe(2)
    proxy.heal()
    await until(
      'it is granted',
      async () => (await backend.tryAcquire(claim, terms()).catch(() => null))?.granted === true,
    )
    const [renewed] = await backend.renew([{ ...warm, ttlMs: 60_000 }])
    expect(renewed).toMatchObject({ granted: true })
    expect((await etcd.keys()).length).toBe(2)
    expect(await backend.release(claim)).toBe(true)
    expect(await backend.release(warm)).toBe(true)
  })
})

it('nothing is done twice when the reply is cut: one key, put once, released once', async () => {
  const hosts = proxy.through(etcd.server.url)
  const backend = etcd.open({ hosts, deadlineMs: 1_000 })
  /** How often the server had done it, unheard. */
  let unheard = 0
  for (let i = 0; i < 100 && unheard < 3; i += 1) {
    const [kept, claim] = [claimOn(uniqueKey()), claimOn(uniqueKey())]
    // Else nothing would hang on the etcd lease that is in doubt, and it would be revoked.
    await until('it is granted', () => isGranted(kept))
    const cut = proxy.cutAfter(1, 'replies')
    const attempt = isGranted(claim)
    await cut
    await attempt
    const [before, ...others] = await placesOf(claim)
    expect(others).toEqual([])
    if (before !== undefined) unheard += 1
    // Written once, where it was written.
    expect(before?.version ?? '1').toBe('1')
    await until('it is granted', () => isGranted(claim))
    expect(await placesOf(claim)).toHaveLength(1)
    expect(await backend.release(claim)).toBe(true)
    expect(await backend.release(claim)).toBe(false)
    await backend.release(kept)
  }
  expect(unheard).toBe(3)

  function isGranted(claim: Claim): Promise<boolean> {
    return backend.tryAcquire(claim, terms()).then(
      ({ granted }) => granted,
      () => false,
    )
  }
  async function placesOf({ holder }: Claim) {
    return (await etcd.places()).filter(({ key }) => key.toString().includes(holder))
  }
})

it('several keys are taken in one transaction', async () => {
  const keys = Array.from({ length: 5 }, uniqueKey)
  const group = await allOf(locks, keys).acquire({ ttlMs: TTL_MS })
  const places = await etcd.places()
  expect(places).toHaveLength(5)
  expect(new Set(places.map(({ create_revision }) => create_revision)).size).toBe(1)
  for (const lease of group.leases) expect(String(lease.fencingToken)).toBe(places[0]?.create_revision)
  await group.release()
})
