import { TcpProxy, until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { startTestCluster } from './cluster.ts'
import { claimOn, startTestEtcd, terms, uniqueKey } from './server.ts'

const [etcd, cluster] = await Promise.all([startTestEtcd(), startTestCluster()])
afterAll(() => Promise.all([etcd.stop(), cluster.stop()]))

const notSent = { code: 'NOT_SENT' }

it('while etcd is away, what could not be sent puts no etcd lease in doubt, and what could not be removed goes when it is back', async () => {
  const backend = etcd.open()
  const [kept, left] = [claimOn(uniqueKey()), claimOn(uniqueKey())]
  for (const claim of [kept, left]) await backend.tryAcquire(claim, terms())
  const before = await etcd.placeOf(kept)
  const leases = await etcd.leaseCount()
  await etcd.server.kill()
  // That its connection has ended has come by then.
  for (let polls = 0; polls < 3; polls += 1) await new Promise((resolve) => setImmediate(resolve))
  await expect(backend.tryAcquire(claimOn(uniqueKey()), terms())).rejects.toMatchObject(notSent)
  // On an etcd lease that there is not yet, too.
  await expect(backend.tryAcquire(claimOn(uniqueKey()), terms(30_000))).rejects.toMatchObject(notSent)
  await expect(backend.renew([{ ...kept, ttlMs: 60_000 }])).rejects.toMatchObject(notSent)
  await expect(backend.release(left)).rejects.toMatchObject(notSent)
  await etcd.server.restart()
  await until('its key is gone', async () => {
    expect(await backend.renew([{ ...kept, ttlMs: 60_000 }])).toMatchObject([{ granted: true }])
    return (await etcd.placeOf(left)) === undefined
  })
  expect(await etcd.placeOf(kept)).toEqual(before)
  expect(await etcd.leaseCount()).toBe(leases)
  expect(await backend.release(kept)).toBe(true)
})

it('a cluster of which members are away, one after the other, serves everybody as if nothing had happened', async () => {
  const proxies = await Promise.all(cluster.members.map((member) => TcpProxy.open(member)))
  const hosts = proxies.map((proxy, i) => proxy.through(cluster.members[i]?.url ?? ''))
  const backend = cluster.open({ hosts, deadlineMs: 10_000 })
  for (const proxy of proxies) {
    const claim = claimOn(uniqueKey())
    expect(await backend.tryAcquire(claim, terms())).toMatchObject({ granted: true })
    // Nobody listens there any more, and what was open is cut.
    await proxy.close()
    for (let polls = 0; polls < 10; polls += 1) await new Promise((resolve) => setImmediate(resolve))
    if (proxy === proxies.at(-1)) break
    expect(await backend.release(claim)).toBe(true)
  }
  await expect(backend.tryAcquire(claimOn(uniqueKey()), terms())).rejects.toMatchObject(notSent)
})
