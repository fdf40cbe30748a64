import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { claimOn, startTestEtcd, terms, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

const only = async () => {
  const { kvs } = await etcd.raw.getAll().prefix('leasehold/').exec()
  expect(kvs.length).toBe(1)
  return kvs[0]
}

describe('etcd leases', () => {
  it('are shared by all claims of one TTL', async () => {
    const locks = createLocks(etcd.open())
    const leases = await Promise.all(
      Array.from({ length: 300 }, () => locks.lock(uniqueKey()).acquire({ ttlMs: 60_000 })),
    )
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
      expect(await backend.renew([renewed], 1_000)).toMatchObject([{ granted: true }])
      return (await etcd.keys()).length === 1
    })
    expect(await backend.renew([silent, renewed], 1_000)).toMatchObject(['gone', { granted: true }])
    await backend.release(renewed)
  })

  it('pass a claim on to another process with its token, and the first one does not end it', async () => {
    const [one, other] = [etcd.open(), etcd.open()]
    const claim = claimOn(uniqueKey())
    await one.tryAcquire(claim, terms(1_000))
    const before = await only()
    expect(await other.renew([claim], 60_000)).toMatchObject([{ fencingToken: BigInt(before?.create_revision ?? 0) }])
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
    const waiting = locks.lock(claim.key).acquire({ ttlMs: 60_000, waitMs: 30_000 })
    await until('it waits', async () => (await etcd.keys()).length === 2)
    const { kvs } = await etcd.raw.getAll().prefix('leasehold/').sort('Create', 'Descend').exec()
    await etcd.raw.leaseClient.leaseRevoke({ ID: kvs[0]?.lease ?? '' })
    await until('it waits again', async () => (await etcd.keys()).length === 2)
    expect(await holder.release(claim)).toBe(true)
    const lease = await waiting
    lease.assertHeld()
    await locks.close()
  })
})
