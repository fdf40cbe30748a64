import { until } from '@leasehold/test-services'
import { Etcd3 } from 'etcd3'
import { afterAll, expect, it } from 'vitest'
import { startTestCluster } from './cluster.ts'
import { claimOn, terms, uniqueKey } from './server.ts'

const cluster = await startTestCluster()
afterAll(() => cluster.stop())

it('a leader that stood still and was replaced promises no more than its successor keeps', async () => {
  const ttlMs = 20_000
  /** How often it said that a lease is alive that it no longer kept: else nothing was shown. */
  let promised = 0
  for (let times = 0; times < 6; times += 1) {
    const [leader, other] = await cluster.ranked()
    const backend = cluster.open({ hosts: leader.url, deadlineMs: 30_000 })
    const claim = claimOn(uniqueKey())
    await until(
      'it is granted',
      async () => (await backend.tryAcquire(claim, terms(ttlMs)).catch(() => null))?.granted === true,
    )
    const raw = new Etcd3({ hosts: other.url })
    const [place] = (await raw.getAll().prefix('leasehold/').exec()).kvs.filter(({ key }) => key.includes(claim.holder))
    leader.freeze()
    await until('another one leads', async () => (await cluster.ranked())[0] !== leader)
    const elected = performance.now()
    // Longer than an answer is rounded by.
    await until('some time has passed', () => performance.now() - elected > 2_500)
    const renewing = backend.renew([{ ...claim, ttlMs }]).catch(() => ['unknown' as const])
    // On its way to the socket of the one that stands still, where nobody sees it.
    await new Promise((resolve) => setTimeout(resolve, 100))
    leader.thaw()
    const [renewal] = await renewing
    const now = performance.now()
    const { TTL } = await raw.leaseClient.leaseTimeToLive({ ID: place?.lease ?? '' })
    raw.close()
    if (typeof renewal !== 'object') continue
    promised += 1
    const trustedMs = (renewal.since?.monotonicMs ?? now) + renewal.ttlMs - now
    expect(trustedMs).toBeLessThanOrEqual((Number(TTL) + 1) * 1000)
    await backend.release(claim)
  }
  expect(promised).toBeGreaterThan(0)
})
