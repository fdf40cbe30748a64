import { allOf, type Claim, createLocks } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { slotOf, slotOfText } from '../src/cluster/slot.ts'
import { fencedSet, redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { PARTITIONS, partitionOf } from '../src/partitions.ts'
import { REFRESH_MS } from '../src/waiting-times.ts'
import { claimOn, permits, SHARED, shareOf, terms } from './claims.ts'
import { migrate, nodesOf, slotAt, startClusterStanding } from './cluster-standing.ts'
import { evenTurns } from './even-turns.ts'
import { scriptsRunAt, visit } from './standing.ts'

const standing = await startClusterStanding()
const { cluster, open } = standing
const [any] = cluster.nodes as [Server]
afterAll(standing.stop)

const never = new AbortController().signal
const holdOf = (key: string) => keyNames('leasehold:', key).hold
const serverOf = async (key: string) => (await nodesOf(standing, slotOf(holdOf(key))))[0]
const isInLine = (key: string) => async () =>
  (await askRedis(await serverOf(key), 'exists', keyNames('leasehold:', key).queue)) === '1'

/** How often all nodes together were asked to run a script, and did: who sends the caller elsewhere has not. */
async function runs(): Promise<number> {
  const counts = await Promise.all(cluster.nodes.map((node) => scriptsRunAt(node)))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function forgetRuns(): Promise<void> {
  for (const node of cluster.nodes) await askRedis(node, 'config', 'resetstat')
}

describe('slots', () => {
  it('of the partitions lie on three masters, four on each', async () => {
    const counts = new Map<Server, number>()
    for (const tag of PARTITIONS) {
      const [node] = await nodesOf(standing, slotOfText(tag))
      counts.set(node, (counts.get(node) ?? 0) + 1)
    }
    expect([...counts.values()]).toEqual([4, 4, 4])
  })

  it.each(['a', 'é', 'order:{42}:a', '{', '}{', ' x y '])('of %j are those of the server', async (key) => {
    expect(slotOf(holdOf(key))).toBe(await slotAt(any, holdOf(key)))
  })
})

describe('a Cluster', () => {
  it('serves keys of all slots, by one connection to each master', async () => {
    const backend = open()
    const tokens = await Promise.all(Array.from({ length: 30 }, (_, index) => visit(backend, `spread ${index}`)))
    expect(tokens.every((token) => token > 0n)).toBe(true)
  })

  it('leaves your client alone', async () => {
    const client = standing.client()
    const backend = redisBackend({ client })
    await visit(backend, 'alone')
    expect(client.status).toBe('wait')
    await backend.close?.()
  })

  it('is asked for by no more processes than live: whoever does not listen loses its turn', async () => {
    const [holder, dead, living] = [open(), open(), open()]
    const claim = claimOn('dead')
    await holder.tryAcquire(claim, terms())
    void dead.waitForTurn?.(claimOn('dead'), terms(), never).catch(() => {})
    await until('it stands in line', isInLine('dead'))
    const turn = living.waitForTurn?.(claimOn('dead'), terms(), never)
    const line = keyNames('leasehold:', 'dead').queue
    await until('both do', async () => (await askRedis(await serverOf('dead'), 'llen', line)) === '2')
    await dead.close?.()
    await holder.release(claim)
    expect(await turn).toMatchObject({ granted: true })
  })

  it('is found although one of its nodes hangs', async () => {
    const key = 'found'
    const own = await serverOf(key)
    const [frozen] = cluster.nodes.filter((node) => node !== own)
    frozen?.freeze()
    const token = await visit(open(), key).finally(() => frozen?.thaw())
    expect(token).toBeGreaterThan(0n)
  })

  it('hands over by the release itself', async () => {
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const lease = await one.named('handed').acquire()
    const next = other.named('handed').acquire()
    await until('it stands in line', isInLine('handed'))
    const startedMs = performance.now()
    await forgetRuns()
    await lease.release()
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    const scripts = await runs()
    // The release; and a sign of life of who waits, or of who was told, may have come between: more where the machine is slow.
    expect(scripts).toBeLessThanOrEqual(2 + (performance.now() - startedMs) / REFRESH_MS)
    await Promise.all([one.close(), other.close()])
  })

  it('keeps fenced values', async () => {
    const client = standing.client()
    for (const key of ['{price}', 'buyer:A1', 'no } tag', 'nor { this']) {
      await fencedSet(client, key, 'new', 8n)
      await expect(fencedSet(client, key, 'old', 7n)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    }
    client.disconnect()
  })
})

describe('processes with several callers each who want one key of a Cluster', () => {
  it('get their turns as on one node', async () => {
    await evenTurns(cluster.nodes, { key: 'crowd', processes: 2, callers: 4, turns: 600 })
  })
})

describe('groups of keys', () => {
  it('in one slot are taken by one script', async () => {
    const locks = createLocks(open())
    await (await allOf(locks, ['warm {42}']).tryAcquire())?.release()
    await forgetRuns()
    const group = await allOf(locks, ['a {42}', 'b {42}', 'c {42}']).tryAcquire()
    expect(await runs()).toBe(1)
    expect(await group?.release()).toBe('released')
    await locks.close()
  })

  it('in several slots are taken all, or given back', async () => {
    const [one, other] = [createLocks(open()), createLocks(open())]
    const keys = Array.from({ length: 9 }, (_, index) => `apart ${index}`)
    const held = await other.named('apart 4').acquire()
    expect(await allOf(one, keys).tryAcquire()).toBeNull()
    const holds = await Promise.all(keys.map((key) => one.named(key).inspect()))
    expect(holds.filter((shown) => shown.length > 0)).toHaveLength(1)
    await held.release()
    const group = await allOf(one, keys).tryAcquire()
    expect(group?.leases).toHaveLength(9)
    await Promise.all([one.close(), other.close()])
  })

  it('are renewed by one script for each slot, and a silent master leaves the others alone', async () => {
    const backend = open()
    const claims = Array.from({ length: 30 }, (_, index) => claimOn(`batch ${index}`))
    for (const claim of claims) await backend.tryAcquire(claim, terms())
    const [frozen] = cluster.nodes as [Server]
    frozen.freeze()
    const renewals = await backend
      .renew(claims.map((claim) => ({ ...claim, ttlMs: 9000 })))
      .finally(() => frozen.thaw())
    const isThere = await Promise.all(claims.map(async ({ key }) => (await serverOf(key)) !== frozen))
    expect(renewals.map((renewal) => renewal !== 'unknown')).toEqual(isThere)
    expect(isThere).toContain(false)
    expect(isThere).toContain(true)
    await forgetRuns()
    expect(
      (await backend.renew(claims.map((claim) => ({ ...claim, ttlMs: 60_000 })))).every(
        (renewal) => typeof renewal === 'object',
      ),
    ).toBe(true)
    expect(await runs()).toBe(new Set(claims.map(({ key }) => slotOf(holdOf(key)))).size)
  })

  it('are renewed together when they are asked for in one turn of the loop, whatever their TTLs', async () => {
    const backend = open()
    const claims = Array.from({ length: 60 }, (_, index) => claimOn(`joint ${index}`))
    await Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms())))
    await backend.renew(claims.map((claim) => ({ ...claim, ttlMs: 60_000 })))
    await forgetRuns()
    const free = claimOn('joint 0')
    const batches = [claims.slice(0, 30), [free, ...claims.slice(30)]]
    const [first = [], second = []] = await Promise.all(
      batches.map((batch) => backend.renew(batch.map((claim) => ({ ...claim, ttlMs: 60_000 })))),
    )
    // And one that asks why `free` is gone.
    expect(await runs()).toBe(PARTITIONS.length + 1)
    expect(second[0]).toBe('gone')
    expect([...first, ...second.slice(1)].every((renewal) => typeof renewal === 'object')).toBe(true)
    await Promise.all([
      backend.renew([{ ...(claims[0] ?? free), ttlMs: 60_000 }]),
      backend.renew([{ ...(claims[0] ?? free), ttlMs: 70_000 }]),
    ])
    expect(await runs()).toBe(PARTITIONS.length + 2)
  })
})

describe('a slot that moves', () => {
  it('takes its locks along: every script is run once, at one of both nodes', async () => {
    const [backend, other] = [open(), open()]
    const [held, alone] = [claimOn('{moving} held'), claimOn('{moving} alone')]
    const slot = slotOf(holdOf(held.key))
    const [source, target] = await nodesOf(standing, slot)
    const before = await backend.tryAcquire(held, terms())
    await backend.tryAcquire(alone, terms())
    const migration = await migrate(slot, source, target)
    await migration.move(holdOf(alone.key))
    await forgetRuns()
    // One is here, one is there: both are renewed, by a script each.
    expect(
      await backend.renew([
        { ...held, ttlMs: 70_000 },
        { ...alone, ttlMs: 70_000 },
      ]),
    ).toMatchObject([{ granted: true }, { granted: true }])
    expect(await runs()).toBe(2)
    // So is one released, and its waiters find that out by themselves.
    expect(await backend.release(alone)).toBe(true)
    // Whatever else needs several names of one lock has to wait.
    await expect(other.tryAcquire(claimOn(held.key), terms())).rejects.toThrow('TRYAGAIN')
    await migration.finish()
    await forgetRuns()
    expect(await backend.tryAcquire(held, terms())).toMatchObject({
      fencingToken: (before as { fencingToken: bigint }).fencingToken,
    })
    expect(await backend.release(held)).toBe(true)
    expect(await other.tryAcquire(claimOn(held.key), terms())).toMatchObject({ granted: true })
    // Each of the three was run once; that the first of each client was sent elsewhere is counted as rejected.
    expect(await runs()).toBe(3)
  })

  it('takes its shares along, which are renewed and released meanwhile', async () => {
    const backend = open()
    const claims = [
      shareOf('{sharing} read', SHARED),
      shareOf('{sharing} read', SHARED),
      shareOf('{sharing} counted', permits(5, 2)),
      shareOf('{sharing} counted', permits(5, 2)),
    ]
    for (const claim of claims) await backend.tryAcquire(claim, terms())
    const [reader, , counted, kept] = claims as [Claim, Claim, Claim, Claim]
    const slot = slotOf(holdOf(reader.key))
    const [source, target] = await nodesOf(standing, slot)
    const migration = await migrate(slot, source, target)
    await migration.move(holdOf(reader.key))
    const renewals = await backend.renew(claims.map((claim) => ({ ...claim, ttlMs: 70_000 })))
    expect(renewals).toMatchObject([{}, {}, { slots: [0, 1] }, { slots: [2, 3] }])
    expect(await backend.release(reader)).toBe(true)
    expect(await backend.releaseAll?.([counted, reader, counted])).toEqual([true, false, false])
    await expect(open().tryAcquire(shareOf(reader.key, SHARED), terms())).rejects.toThrow('TRYAGAIN')
    await migration.finish()
    expect(await open().tryAcquire(claimOn(reader.key), terms())).toMatchObject({ granted: false })
    expect(await backend.tryAcquire(kept, terms())).toMatchObject({ slots: [2, 3] })
    expect(await open().tryAcquire(shareOf(kept.key, permits(5, 3)), terms())).toMatchObject({ slots: [0, 1, 4] })
  })

  it('takes its waiters along', async () => {
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const key = '{migrant}'
    const lease = await one.named(key).acquire()
    // With time to wait: an attempt that meets the slot on its way is sent away.
    const next = other.named(key).acquire({ waitMs: 60_000 })
    await until('it stands in line', isInLine(key))
    const slot = slotOf(holdOf(key))
    const [source, target] = await nodesOf(standing, slot)
    await (await migrate(slot, source, target)).finish()
    await until('it stands in line there', isInLine(key))
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
  })

  it('answers to a release of many for each of its locks, wherever they are, and for those of other slots', async () => {
    const [backend, other] = [open(), open()]
    const claims = ['{leaving} here', '{leaving} there', '{staying} a', '{staying} b'].map(claimOn)
    for (const claim of claims) await backend.tryAcquire(claim, terms())
    const [here, there] = claims as [Claim, Claim]
    const slot = slotOf(holdOf(here.key))
    const [source, target] = await nodesOf(standing, slot)
    const migration = await migrate(slot, source, target)
    await migration.move(holdOf(there.key))
    const stranger = claimOn('{staying} c')
    expect(await backend.releaseAll?.([...claims, stranger])).toEqual([true, true, true, true, false])
    await migration.finish()
    for (const { key } of claims) expect(await other.tryAcquire(claimOn(key), terms())).toMatchObject({ granted: true })
  })

  it('is a twelfth of the leases on keys without tags: they are held meanwhile, and no more are acquired', async () => {
    const [locks, other] = [createLocks(open()), open()]
    const tag = PARTITIONS[5] ?? ''
    const keys = Array.from({ length: 600 }, (_, index) => `moved ${index}`).filter((key) => partitionOf(key) === tag)
    const leases = await Promise.all(keys.map((key) => locks.named(key).acquire()))
    const [source, target] = await nodesOf(standing, slotOfText(tag))
    const migration = await migrate(slotOfText(tag), source, target)
    await migration.move(...keys.slice(0, 20).map(holdOf))
    await forgetRuns()
    await Promise.all(leases.map((lease) => lease.renew()))
    expect(await runs()).toBe(leases.length)
    await expect(other.tryAcquire(claimOn(keys[0] ?? ''), terms())).rejects.toThrow('TRYAGAIN')
    await migration.finish()
    await forgetRuns()
    await Promise.all(leases.map((lease) => lease.renew()))
    expect(await runs()).toBe(1)
    expect(await other.tryAcquire(claimOn(keys[0] ?? ''), terms())).toMatchObject({ granted: false })
    await locks.close()
  })
})
