import { createLocks, type LockEvent } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { claimOn, PATIENT, startTestEtcd, terms, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

const only = async () => {
  const places = await etcd.places()
  expect(places.length).toBe(1)
  return places[0]
}

const sessionKeys = () => etcd.raw.getAll().prefix('leasehold//').keys()

describe('etcd leases', () => {
  it('are shared by all claims of one TTL', async () => {
    const locks = createLocks(etcd.open(), PATIENT)
    const acquire = () => locks.named(uniqueKey()).acquire({ ttlMs: 60_000 })
    const leases = [await acquire(), ...(await Promise.all(Array.from({ length: 299 }, acquire)))]
    expect(await etcd.leaseCount()).toBe(1)
    await Promise.all(leases.map((lease) => lease.renew()))
    for (const lease of leases) lease.assertHeld(30_000)
    expect(await locks.close()).toMatchObject({ released: 300 })
    expect(await etcd.leaseCount()).toBe(0)
  })

  it('do not keep a claim that nobody renews, although they live on for another', async () => {
    const backend = etcd.open()
    const [renewed, silent] = [claimOn(uniqueKey()), claimOn(uniqueKey())]
    await backend.tryAcquire(renewed, terms(1_000))
    await backend.tryAcquire(silent, terms(1_000))
    await until('the silent one is gone', async () => {
      expect(await backend.renew([{ ...renewed, ttlMs: 1_000 }])).toMatchObject([{ granted: true }])
      return (await etcd.keys()).length === 1
    })
    expect(
      await backend.renew([
        { ...silent, ttlMs: 1_000 },
        { ...renewed, ttlMs: 1_000 },
      ]),
    ).toMatchObject(['gone', { granted: true }])
    await backend.release(renewed)
  })

  it('pass a claim on to another process with its token, and the first one does not end it', async () => {
    const [one, other] = [etcd.open(), etcd.open()]
    const claim = claimOn(uniqueKey())
    await one.tryAcquire(claim, terms(1_000))
    const before = await only()
    expect(await other.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([
      { fencingToken: BigInt(before?.create_revision ?? 0) },
    ])
    const after = await only()
    expect(after?.create_revision).toBe(before?.create_revision)
    expect(after?.lease).not.toBe(before?.lease)
    // The first session runs out, and its own deadline passes.
    await until('its lease is gone', async () => (await etcd.leaseCount()) === 1)
    expect((await only())?.lease).toBe(after?.lease)
    expect(await other.release(claim)).toBe(true)
  })

  it('that are revoked from outside cost their claims, and a waiter takes its place again', async () => {
    const [holder, waiter] = [etcd.open(), etcd.open()]
    const claim = claimOn(uniqueKey())
    await holder.tryAcquire(claim, terms(30_000))
    const locks = createLocks(waiter, { pollMs: 60_000 })
    const waiting = locks.named(claim.key).acquire({ ttlMs: 60_000, waitMs: 30_000 })
    await until('it waits', async () => (await etcd.keys()).length === 2)
    const [, place] = await etcd.places()
    await etcd.raw.leaseClient.leaseRevoke({ ID: place?.lease ?? '' })
    await until('it waits again', async () => (await etcd.keys()).length === 2)
    expect(await holder.release(claim)).toBe(true)
    const lease = await waiting
    lease.assertHeld()
    await locks.close()
  })

  it('that are revoked under one who waits leave no key of it behind when it gives up', async () => {
    const holder = etcd.open()
    const claim = claimOn(uniqueKey())
    await holder.tryAcquire(claim, terms(30_000))
    const locks = createLocks(etcd.open(), { ...PATIENT, pollMs: 60_000 })
    for (let i = 0; i < 5; i += 1) {
      const abort = new AbortController()
      const waiting = locks
        .named(claim.key)
        .acquire({ signal: abort.signal })
        .catch(() => 'gave up')
      await until('it waits', async () => (await etcd.places()).length === 2)
      const [, place] = await etcd.places()
      // Together: it may be about to take a place again.
      const revoked = etcd.raw.leaseClient.leaseRevoke({ ID: place?.lease ?? '' })
      if (i % 2 === 0) await revoked
      abort.abort()
      expect(await waiting).toBe('gave up')
      await revoked
      await until('nothing is left of it', async () => (await etcd.places()).length === 1)
    }
    await holder.release(claim)
    await locks.close()
  })

  it('that are revoked from outside are lost at once for all who hang on them, and for no others', async () => {
    const lost: string[] = []
    const onEvent = ({ type, key }: LockEvent) => void (type === 'lost' && lost.push(key))
    const locks = createLocks(etcd.open(), { ...PATIENT, autoRenew: false, onEvent })
    const acquire = (ttlMs: number) => locks.named(uniqueKey()).acquire({ ttlMs })
    const spared = await acquire(3_600_000)
    const [revoked] = (await etcd.places()).slice(-1)
    const [one, other] = [await acquire(600_000), await acquire(600_000)]
    const [place] = (await etcd.places()).slice(-1)
    expect(place?.lease).not.toBe(revoked?.lease)
    await until('the etcd lease has its key', async () =>
      (await sessionKeys()).some((key) => key.endsWith(place?.lease ?? '')),
    )
    await etcd.raw.leaseClient.leaseRevoke({ ID: place?.lease ?? '' })
    // Keepalives are minutes apart.
    await until('both are lost', () => one.signal.aborted && other.signal.aborted)
    expect(lost.toSorted()).toEqual([one.key, other.key].toSorted())
    expect(() => one.assertHeld()).toThrow('lost')
    spared.assertHeld()
    await locks.close()
  })

  it('whose key an administrator deleted is lost, where somebody of this process waits', async () => {
    const locks = createLocks(etcd.open(), { ...PATIENT, autoRenew: false })
    const lease = await locks.named(uniqueKey()).acquire({ ttlMs: 600_000 })
    const waiting = locks.named(lease.key).acquire({ waitMs: 30_000, whenHeld: 'wait' })
    const rival = createLocks(etcd.open(), PATIENT)
    const elsewhere = rival.named(uniqueKey())
    const other = await elsewhere.acquire()
    const queued = locks.named(elsewhere.key).acquire({ waitMs: 30_000 })
    await until('it listens', async () => (await etcd.keys()).length === 3)
    await etcd.raw
      .delete()
      .key((await etcd.keys())[0] ?? '')
      .exec()
    await until('it is told', () => lease.signal.aborted)
    await (await waiting).release()
    await other.release()
    await (await queued).release()
    await rival.close()
    await locks.close()
  })
})

it('who waits is served from a store that was compacted meanwhile, and by a member that restarted', async () => {
  const [locks, other] = [createLocks(etcd.open(), PATIENT), createLocks(etcd.open(), { ...PATIENT, pollMs: 60_000 })]
  const lease = await locks.named(uniqueKey()).acquire({ ttlMs: 60_000 })
  const waiting = other.named(lease.key).acquire({ ttlMs: 60_000, waitMs: 60_000 })
  await until('it waits', async () => (await etcd.keys()).length === 2)
  const { header } = await etcd.raw.kv.range({ key: Buffer.from('none') })
  await etcd.raw.kv.compact({ revision: header.revision, physical: true })
  await etcd.server.restart()
  // The connection is not back yet: the release is repeated until it is.
  expect(await lease.release()).toBe('released')
  const next = await waiting
  expect(next.fencingToken).toBeGreaterThan(lease.fencingToken)
  await next.release()
  await locks.close()
  await other.close()
})

it('a process that stood still as its keepalive was answered reads the answer first, however late it is', async () => {
  const backend = etcd.open({ deadlineMs: 1_000 })
  const claim = claimOn(uniqueKey())
  await until('it is granted', async () => (await backend.tryAcquire(claim, terms()).catch(() => null)) !== null)
  const [renewed] = await backend.renew([{ ...claim, ttlMs: 60_000 }])
  expect(renewed).toMatchObject({ granted: true })
  etcd.server.freeze()
  const renewing = backend.renew([{ ...claim, ttlMs: 60_000 }])
  renewing.catch(() => {})
  // It is on its way to the server, which answers while nothing is done here.
  await new Promise((resolve) => setTimeout(resolve, 100))
  etcd.server.thaw()
  // What is due after that comes before what is to be read.
  await new Promise((resolve) => setImmediate(resolve))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500)
  expect(await renewing).toMatchObject([{ granted: true }])
  expect(await backend.release(claim)).toBe(true)
})
