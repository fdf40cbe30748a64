import { createLocks, isLeaseholdError, type Lease } from '@leasehold/core'
import { Lateness, TcpProxy, until } from '@leasehold/test-services'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { ELECTION_MS, startTestCluster } from './cluster.ts'
import { claimOn, terms, uniqueKey } from './server.ts'

const TTL_MS = 2_000
const etcd = await startTestCluster()
const SLACK_MS = etcd.open().capabilities.slackMs
afterAll(() => etcd.stop())
afterEach(() => {
  for (const member of etcd.members) member.thaw()
})

const unavailable = (error: unknown) => isLeaseholdError(error, 'BACKEND_UNAVAILABLE')
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Locks and releases again and again, whatever happens; how often it succeeded. */
function busy(): { successes: number; stop(): Promise<void> } {
  const locks = createLocks(etcd.open(), { ttlMs: TTL_MS })
  const lock = locks.named(uniqueKey())
  let stopped = false
  const work = { successes: 0, stop }
  const working = (async () => {
    while (!stopped) {
      const lease = await lock.acquire({ waitMs: 60_000 })
      await lease.release().catch(() => {})
      work.successes += 1
      await sleep(10)
    }
  })()
  async function stop() {
    stopped = true
    await working
    await locks.close()
  }
  return work
}

async function more(work: { readonly successes: number }): Promise<void> {
  const before = work.successes
  await until('it goes on', () => work.successes >= before + 3)
}

describe('a cluster of three', () => {
  it('keeps holds, lines and tokens over the death of its leader', async () => {
    const [locks, rival] = [createLocks(etcd.open()), createLocks(etcd.open())]
    const lease = await locks.named(uniqueKey()).acquire({ ttlMs: 5_000, waitMs: 30_000 })
    const waiting = rival.named(lease.key).acquire({ waitMs: 30_000 })
    await until('it waits', async () => (await etcd.keys()).length === 2)
    const [leader] = await etcd.ranked()
    await leader.kill()
    await etcd.ranked()
    lease.assertHeld()
    await until('it is renewed', () =>
      lease
        .renew()
        .then(() => true, unavailable)
        .then(() => lease.remainingMs > 3_000),
    )
    await until('it is released', () =>
      lease.release().then(
        (end) => end === 'released',
        () => false,
      ),
    )
    const next = await waiting
    expect(next.fencingToken).toBeGreaterThan(lease.fencingToken)
    await next.release()
    await leader.restart()
    await locks.close()
    await rival.close()
  })

  it('serves everybody while one of its members is frozen, whichever it is, and holds stay', async () => {
    const locks = createLocks(etcd.open())
    const held = await locks.named(uniqueKey()).acquire({ ttlMs: 4_000, waitMs: 30_000 })
    const work = busy()
    await more(work)
    for (const member of etcd.members) {
      member.freeze()
      await more(work)
      await held.renew().catch(() => {})
      member.thaw()
      await more(work)
    }
    held.assertHeld()
    await work.stop()
    await held.release()
    await locks.close()
  })

  it('grants nothing without a quorum; holds end at their deadline; after healing somebody holds the lock in time', async () => {
    const [locks, rival] = [createLocks(etcd.open()), createLocks(etcd.open(), { pollMs: 500 })]
    const lease = await locks.named(uniqueKey()).acquire({ ttlMs: TTL_MS, waitMs: 30_000 })
    const waiting = rival.named(lease.key).acquire({ ttlMs: TTL_MS, waitMs: 60_000 })
    const warm = await Promise.all(
      [locks, rival].map((one) => one.named(uniqueKey()).acquire({ ttlMs: 60_000, waitMs: 30_000 })),
    )
    const [leader, follower] = await etcd.ranked()
    leader.freeze()
    follower.freeze()
    const attempts = await Promise.all(
      [locks, rival, createLocks(etcd.open())].map((one) =>
        one.named(uniqueKey()).tryAcquire({ ttlMs: TTL_MS }).catch(unavailable),
      ),
    )
    expect(attempts).toEqual([true, true, true])
    await until('the lease is lost', () => lease.signal.aborted)
    expect(lease.remainingMs).toBe(0)
    expect(() => lease.assertHeld()).toThrow()
    const stranger = createLocks(etcd.open())
    await expect(stranger.named(uniqueKey()).tryAcquire()).rejects.toMatchObject({ cause: { code: 'NO_LEADER' } })
    leader.thaw()
    follower.thaw()
    const lateness = Lateness.watch()
    const healedAt = performance.now()
    const next = await waiting
    const tookMs = performance.now() - healedAt
    next.assertHeld()
    expect(next.fencingToken).toBeGreaterThan(lease.fencingToken)
    expect(tookMs).toBeLessThan(TTL_MS + ELECTION_MS + 1_000 + lateness.allowanceMs())
    await Promise.all([next, ...warm].map((each: Lease) => each.release().catch(() => {})))
    await Promise.all([locks, rival, stranger].map((one) => one.close()))
  })

  it('carries out a write after its client gave up, and that blocks nobody beyond the granted TTL', async () => {
    const ttlMs = 5_000
    let haunted = await haunt(ttlMs)
    for (let times = 1; times < 10 && haunted === undefined; times += 1) haunted = await haunt(ttlMs)
    const { locks, kept, ghost } = haunted ?? expect.fail('none was carried out')
    const rival = createLocks(etcd.open())
    const lateness = Lateness.watch()
    const startedAt = performance.now()
    const lease = await rival.named(ghost.key).acquire({ waitMs: 30_000 })
    expect(performance.now() - startedAt).toBeLessThan(ttlMs + SLACK_MS + lateness.allowanceMs())
    expect(lease.fencingToken).toBeGreaterThan(0n)
    // What hung on the same etcd lease has moved, with its token.
    await until('it is renewed', () =>
      kept
        .renew()
        .then(() => true, unavailable)
        .then(() => kept.remainingMs > 0),
    )
    await lease.release()
    await kept.release().catch(() => {})
    await rival.close()
    await locks.close()
  })
})

/** An acquire that is carried out after its client gave up, and is never given back. `undefined`: a new leader knew nothing of it, so it never happened. */
async function haunt(ttlMs: number) {
  const [leader, ...followers] = await etcd.ranked()
  const backend = etcd.open({ hosts: leader.url, deadlineMs: 400 })
  const locks = createLocks(backend, { requestTimeoutMs: 500 })
  const kept = await locks.named(uniqueKey()).acquire({ ttlMs, waitMs: 30_000 })
  const ghost = claimOn(uniqueKey())
  for (const follower of followers) follower.freeze()
  // Granted where a follower went on for a moment, on a busy machine: that is no ghost.
  const given = await backend.tryAcquire(ghost, terms(ttlMs)).catch((error: unknown) => error)
  for (const follower of followers) follower.thaw()
  if (!(given instanceof Error)) {
    await locks.close()
    return undefined
  }
  expect(given).toMatchObject({ name: 'EtcdError' })
  const appeared = async () => (await etcd.keys().catch(() => [])).some((key) => key.includes(ghost.holder))
  const isCarriedOut = await until('it is carried out', appeared, 3_000).then(
    () => true,
    () => false,
  )
  if (isCarriedOut) return { locks, kept, ghost }
  await locks.close()
  return undefined
}

describe('a client', () => {
  it.each(['requests', 'replies'] as const)(
    'keeps its hold when the %s to one member are lost, whichever it is',
    async (direction) => {
      const proxies = await Promise.all(etcd.members.map((member) => TcpProxy.open(member)))
      const hosts = proxies.map((proxy, i) => proxy.through(etcd.members[i]?.url ?? ''))
      const locks = createLocks(etcd.open({ hosts }))
      const held = await locks.named(uniqueKey()).acquire({ ttlMs: 4_000, waitMs: 30_000 })
      for (const proxy of proxies) {
        proxy.swallow(direction)
        await until(
          'it is renewed',
          () =>
            held.renew().then(
              () => true,
              () => false,
            ),
          20_000,
        )
        const other = await locks.named(uniqueKey()).acquire({ waitMs: 20_000 })
        await other.release()
        proxy.heal()
      }
      held.assertHeld()
      for (const proxy of proxies) proxy.cut()
      await until(
        'it is renewed',
        () =>
          held.renew().then(
            () => true,
            () => false,
          ),
        20_000,
      )
      await held.release()
      await locks.close()
      for (const proxy of proxies) await proxy.close()
    },
    60_000,
  )
})
