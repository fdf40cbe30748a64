import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { claimOn, PATIENT, startTestEtcd, terms, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

const MINUTE_MS = 60_000
/** Five hundred claims, 128 operations in each. */
const TRANSACTIONS = 4

/** How many messages of this kind etcd has heard. */
async function heard(method: 'Txn' | 'LeaseKeepAlive'): Promise<number> {
  const metrics = await (await fetch(`${etcd.server.url.replace(/\/$/, '')}/metrics`)).text()
  return Number(
    new RegExp(`grpc_server_msg_received_total{grpc_method="${method}"[^}]*} (\\d+)`).exec(metrics)?.[1] ?? 0,
  )
}

async function held(count: number, ttlMs = (_index: number): number => MINUTE_MS) {
  const backend = etcd.open()
  const claims = Array.from({ length: count }, (_, index) => ({ ...claimOn(uniqueKey()), ttlMs: ttlMs(index) }))
  await Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms(claim.ttlMs))))
  return { backend, claims }
}

describe('a batch', () => {
  it('of as many TTLs as claims is looked at in few transactions, and each etcd lease is kept alive once', async () => {
    const { backend, claims } = await held(500, (index) => MINUTE_MS + index * 10)
    const before = { transactions: await heard('Txn'), keepAlives: await heard('LeaseKeepAlive') }
    const answers = await backend.renew(claims)
    expect((await heard('Txn')) - before.transactions).toBe(TRANSACTIONS)
    // One for each second from 60 to 65.
    expect((await heard('LeaseKeepAlive')) - before.keepAlives).toBe(6)
    expect(answers).toEqual(
      claims.map(({ ttlMs }) => expect.objectContaining({ granted: true, ttlMs: Math.ceil(ttlMs / 1000) * 1000 })),
    )
    await backend.releaseAll?.(claims)
  })

  it('is renewed for longer than it was taken for, each claim by what it asks for', async () => {
    const { backend, claims } = await held(3, () => 1_000)
    const longer = claims.map((claim, index) => ({ ...claim, ttlMs: (index + 1) * MINUTE_MS }))
    const stranger = { ...claimOn(uniqueKey()), ttlMs: MINUTE_MS }
    expect(await backend.renew([...longer, stranger])).toMatchObject([
      { ttlMs: MINUTE_MS },
      { ttlMs: 2 * MINUTE_MS },
      { ttlMs: 3 * MINUTE_MS },
      'gone',
    ])
    await backend.releaseAll?.(claims)
  })

  it('is released in few transactions, by whoever holds the claims, and each is answered', async () => {
    for (const by of ['the holder', 'another process']) {
      const { backend, claims } = await held(500)
      const releasing = by === 'the holder' ? backend : etcd.open()
      const strangers = claims.slice(0, 3).map(({ key }) => claimOn(key))
      const before = await heard('Txn')
      const answers = await releasing.releaseAll?.([...claims.toReversed(), ...strangers])
      // Where a process does not know who holds the lock, it reads that, too: twice as many operations.
      expect((await heard('Txn')) - before).toBeLessThanOrEqual(2 * TRANSACTIONS + 1)
      expect(answers).toEqual([...claims.map(() => true), false, false, false])
      expect(await etcd.keys()).toEqual([])
    }
  })

  it('that is released lets those pass who wait, and ends the waits that are in it', async () => {
    const { backend, claims } = await held(3)
    const locks = createLocks(etcd.open(), { ...PATIENT, pollMs: MINUTE_MS })
    const waiting = claims.slice(1).map(({ key }) => locks.named(key).acquire())
    const given = claimOn(claims[0]?.key ?? '')
    const abort = new AbortController()
    const giving = backend.waitForTurn?.(given, terms(), abort.signal)
    await until('they wait', async () => (await etcd.keys()).length === 6)
    expect(await etcd.open().releaseAll?.([given, ...claims])).toEqual([false, true, true, true])
    abort.abort()
    await giving
    for (const lease of await Promise.all(waiting)) lease.assertHeld()
    expect((await locks.close()).released).toBe(2)
    await until('nothing is left', async () => (await etcd.keys()).length === 0)
  })
})
