import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { claimOn, PATIENT, startTestEtcd, terms, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

const notNow = { code: 'NOT_NOW', message: expect.stringContaining('database space exceeded') }

/** As when its space is used up: until somebody makes room, and says so. */
async function alarm(action: 'Activate' | 'Deactivate'): Promise<void> {
  const { header } = await etcd.raw.maintenance.status()
  await etcd.raw.maintenance.alarm({ action, memberID: header.member_id, alarm: 'Nospace' })
}

it('an etcd without space grants nothing, and costs nobody a lease', async () => {
  const backend = etcd.open()
  const ttlMs = 2_000
  const [kept, left] = [claimOn(uniqueKey()), claimOn(uniqueKey())]
  for (const claim of [kept, left]) await backend.tryAcquire(claim, terms(ttlMs))
  const [before] = await etcd.places()
  const isKept = async () => expect(await backend.renew([{ ...kept, ttlMs }])).toMatchObject([{ granted: true }])
  await alarm('Activate')
  await isKept()
  await expect(backend.tryAcquire(claimOn(uniqueKey()), terms(ttlMs))).rejects.toMatchObject(notNow)
  await isKept()
  // On an etcd lease that there is not yet, too.
  await expect(backend.tryAcquire(claimOn(uniqueKey()), terms(30_000))).rejects.toMatchObject(notNow)
  await isKept()
  const locks = createLocks(backend, PATIENT)
  await expect(locks.named(uniqueKey()).tryAcquire({ ttlMs })).rejects.toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    cause: notNow,
  })
  // The other one's TTL passes, and it is removed.
  await until('nobody keeps the other one', async () => {
    await isKept()
    return (await etcd.keys()).length === 1
  })
  const [still] = await etcd.places()
  expect(still).toEqual(before)
  expect(await backend.release(left)).toBe(false)
  await alarm('Deactivate')
  const lease = await locks.named(left.key).acquire({ ttlMs, waitMs: 30_000 })
  expect(await lease.release()).toBe('released')
  expect(await backend.release(kept)).toBe(true)
  await until('nothing is left', async () => (await etcd.keys()).length === 0)
  await locks.close()
})
