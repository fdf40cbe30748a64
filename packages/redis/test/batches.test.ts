import { type Claim, createLocks, type LockBackend } from '@leasehold/core'
import { type Server, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { claimOn, permits, SHARED, shareOf, terms } from './claims.ts'
import { startClusterStanding } from './cluster-standing.ts'
import { linesOf, scriptsRunAt, startStanding } from './standing.ts'

const node = await startStanding()
const cluster = await startClusterStanding()
afterAll(() => Promise.all([node.stop(), cluster.stop()]))

const MINUTE_MS = 60_000

/** `scripts`: how many scripts a batch of five hundred may be. */
const setUps = [
  { name: 'one node', servers: [node.server], open: () => node.open(), scripts: 1 },
  { name: 'a Cluster', servers: cluster.cluster.nodes, open: () => cluster.open(), scripts: 12 },
]

const runs = async (servers: readonly Server[]): Promise<number> => {
  const each = await Promise.all(servers.map(scriptsRunAt))
  return each.reduce((sum, count) => sum + count, 0)
}

async function held(backend: LockBackend, count: number, name: string) {
  const claims = Array.from({ length: count }, (_, index) => claimOn(`${name} ${index}`))
  await Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms())))
  return claims
}

it.each([
  { what: 'whole keys', on: claimOn },
  { what: 'readers', on: (key: string) => shareOf(key, SHARED) },
])('what somebody else has overwritten is gone, and the others are renewed: $what', async ({ what, on }) => {
  const backend = node.open()
  const claims = [1, 2, 3].map((nth) => on(`overwritten ${what} ${nth}`)) as [Claim, Claim, Claim]
  await Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms())))
  await node.ask('set', keyNames('leasehold:', claims[0].key).hold, 'not a hold')
  const renewed = expect.objectContaining({ granted: true, ttlMs: MINUTE_MS })
  expect(await backend.renew(claims.map((claim) => ({ ...claim, ttlMs: MINUTE_MS })))).toEqual([
    'gone',
    renewed,
    renewed,
  ])
})

describe.each(setUps)('on $name, a batch', ({ servers, open, scripts }) => {
  it('is renewed in few scripts, each claim for a TTL of its own', async () => {
    const backend = open()
    const claims = await held(backend, 500, 'TTLs')
    const before = await runs(servers)
    const renewals = claims.map((claim, index) => ({ ...claim, ttlMs: (index + 2) * MINUTE_MS }))
    const answers = await backend.renew(renewals)
    expect((await runs(servers)) - before).toBeLessThanOrEqual(scripts)
    expect(answers).toEqual(renewals.map(({ ttlMs }) => expect.objectContaining({ granted: true, ttlMs })))
    const [{ remainingMs = 0 } = {}] = (await backend.inspect?.('TTLs 499')) ?? []
    expect(remainingMs).toBeGreaterThan(500 * MINUTE_MS)
  })

  it('is released in few scripts, and each claim is answered', async () => {
    const backend = open()
    const claims = await held(backend, 500, 'releases')
    const stranger = claimOn('releases 7')
    const before = await runs(servers)
    const answers = await backend.releaseAll?.([...claims.toReversed(), stranger])
    expect((await runs(servers)) - before).toBeLessThanOrEqual(scripts)
    expect(answers).toEqual([...claims.map(() => true), false])
    expect(await backend.tryAcquire(stranger, terms())).toMatchObject({ granted: true })
  })

  it('may have claims of all kinds, and is answered in their order', async () => {
    const backend = open()
    const claims = Array.from({ length: 60 }, (_, index) => {
      const key = `kinds ${index - (index % 3)}`
      const shares = [claimOn(`${key} whole`), shareOf(`${key} read`, SHARED), shareOf(`${key} counted`, permits(9, 2))]
      return shares[index % 3] as Claim
    })
    for (const claim of claims) await backend.tryAcquire(claim, terms())
    const gone = [claimOn('kinds 0 whole'), shareOf('kinds 0 read', SHARED), shareOf('kinds 0 counted', permits(9, 2))]
    const batch = [...gone, ...claims.toReversed()]
    const before = await runs(servers)
    const renewals = await backend.renew(batch.map((claim, index) => ({ ...claim, ttlMs: 70_000 + index })))
    // And some that ask why three are gone.
    const after = await runs(servers)
    expect(after - before).toBeLessThanOrEqual(2 * scripts + gone.length)
    expect(renewals.slice(0, 3)).toEqual(['gone', 'gone', 'gone'])
    const renewed = claims.toReversed().map(({ share }, index) => {
      const slots = share?.kind === 'permits' ? { slots: [0, 1] } : {}
      return expect.objectContaining({ granted: true, ttlMs: 70_003 + index, ...slots })
    })
    expect(renewals.slice(3)).toEqual(renewed)
    expect(await backend.releaseAll?.(batch)).toEqual([false, false, false, ...claims.map(() => true)])
    expect((await runs(servers)) - after).toBeLessThanOrEqual(2 * scripts)
  })

  it('that is released passes the keys on to those who wait, where nobody polls', async () => {
    const [holder, waiter] = [open(), open()]
    const claims = await held(holder, 3, 'awaited')
    const locks = createLocks(waiter, { pollMs: MINUTE_MS })
    const waiting = claims.slice(1).map(({ key }) => locks.named(key).acquire({ ttlMs: MINUTE_MS }))
    await until('they wait', async () => (await linesOf(servers, 'awaited')) === waiting.length)
    expect(await holder.releaseAll?.(claims)).toEqual([true, true, true])
    await Promise.all(waiting)
    expect((await locks.close()).released).toBe(2)
  })
})
