import { type Claim, createLocks, type LockBackend } from '@leasehold/core'
import { askRedis, type Server, startClusteredRedis, startRedisClusterReplica, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, describe, expect, it } from 'vitest'
import { type RedisClient, redisBackend, redisQuorumBackend } from '../src/index.ts'
import { keyNames, quorumNames } from '../src/key-names.ts'
import { PARTITIONS } from '../src/partitions.ts'
import { claimOn, permits, SHARED, shareOf, terms } from './claims.ts'
import { scriptsRunAt, visit } from './standing.ts'

// One address of a clustered service, and a client that takes it for one node. All slots are there, and a script serves one of them.
const clusters = await Promise.all([1, 2, 3].map(() => startClusteredRedis({ settings: { appendonly: 'yes' } })))
const nodes = clusters.map((cluster) => cluster.nodes[0] as Server)
const [node] = nodes as [Server]
const opened: LockBackend[] = []
afterAll(async () => {
  for (const backend of opened) await backend.close?.()
  for (const cluster of clusters) await cluster.stop()
})

function ended(backend: LockBackend): LockBackend {
  opened.push(backend)
  return backend
}

const clients: [library: string, client: () => Parameters<typeof redisBackend>[0]['client']][] = [
  ['ioredis', () => new Redis(node.url, { lazyConnect: true })],
  ['node-redis', () => createClient({ url: node.url })],
]
const open = () => ended(redisBackend({ client: new Redis(node.url, { lazyConnect: true }) }))

const manyOn = (name: string, count = 40): Claim[] =>
  Array.from({ length: count }, (_, index) => claimOn(`${name} ${index}`))

const renewalsOf = (claims: readonly Claim[]) => claims.map((claim) => ({ ...claim, ttlMs: 70_000 }))

describe.each(clients)('a clustered Redis behind a client of %s', (library, client) => {
  const openOne = () => ended(redisBackend({ client: client() }))

  it('renews and releases keys of all slots, whole ones and shares', async () => {
    const backend = openOne()
    const readers = manyOn(`${library} shared`).map(({ key }) => shareOf(key, SHARED))
    const counted = manyOn(`${library} counted`).map(({ key }) => shareOf(key, permits(3, 2)))
    const claims = [...manyOn(`${library} whole`), ...readers, ...counted]
    for (const claim of claims) await backend.tryAcquire(claim, terms())
    const batch = [claimOn(`${library} gone`), ...claims.toReversed()]
    const renewals = await backend.renew(renewalsOf(batch))
    expect(renewals[0]).toBe('gone')
    expect(renewals.slice(1)).toEqual(claims.map(() => expect.objectContaining({ granted: true, ttlMs: 70_000 })))
    expect(await backend.releaseAll?.(batch)).toEqual([false, ...claims.map(() => true)])
  })

  it('takes groups of keys of several slots all, or none', async () => {
    const [backend, other] = [openOne(), openOne()]
    const claims = manyOn(`${library} group`)
    const [, held] = claims as [Claim, Claim]
    const holder = claimOn(held.key)
    await other.tryAcquire(holder, terms())
    expect(await backend.tryAcquireAll?.(claims, terms())).toMatchObject({ granted: false })
    const holds = await Promise.all(claims.map(({ key }) => other.inspect?.(key)))
    expect(holds.flat()).toHaveLength(1)
    await other.release(holder)
    expect(await backend.tryAcquireAll?.(claims, terms())).toEqual(
      claims.map(() => expect.objectContaining({ granted: true })),
    )
    expect(await backend.releaseAll?.(claims)).toEqual(claims.map(() => true))
  })

  it('tells waiters of their turns', async () => {
    const [one, other] = [createLocks(openOne()), createLocks(openOne(), { pollMs: 60_000 })]
    const lease = await one.named(library).acquire()
    const next = other.named(library).acquire({ waitMs: 60_000 })
    const { queue } = keyNames('leasehold:', library)
    await until('it stands in line', async () => (await askRedis(node, 'exists', queue)) === '1')
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
  })
})

describe('leases at a clustered Redis', () => {
  it('are held beyond their TTL, however many there are', async () => {
    let [renewed, lost] = [0, 0]
    const locks = createLocks(open(), {
      ttlMs: 2000,
      onEvent({ type }) {
        if (type === 'renewed') renewed += 1
        if (type === 'lost') lost += 1
      },
    })
    const leases = await Promise.all(manyOn('held', 10).map(({ key }) => locks.named(key).acquire()))
    await until('each was renewed several times', () => renewed >= 4 * leases.length)
    expect(lost).toBe(0)
    await locks.close()
  })

  it('are renewed by one script for each slot, from the second batch on', async () => {
    const backend = open()
    const batches = [manyOn('first', 60), manyOn('second', 60)]
    for (const claim of batches.flat()) await backend.tryAcquire(claim, terms())
    await backend.renew(renewalsOf(batches.flat()))
    const before = await scriptsRunAt(node)
    await Promise.all(batches.map((claims) => backend.renew(renewalsOf(claims))))
    expect((await scriptsRunAt(node)) - before).toBe(PARTITIONS.length)
  })
})

describe('a quorum of clustered servers', () => {
  it('renews, restores and releases keys of all slots', async () => {
    const own = nodes.map(({ url }) => new Redis(url, { lazyConnect: true }))
    const backend = ended(redisQuorumBackend({ clients: own, durable: true }))
    const claims = [...manyOn('whole'), ...manyOn('shared').map(({ key }) => shareOf(key, SHARED))]
    for (const claim of claims) expect(await backend.tryAcquire(claim, terms())).toMatchObject({ granted: true })
    const names = claims.map(({ key }) => quorumNames('leasehold-quorum:', key).hold)
    for (const name of names) await askRedis(node, 'del', name)
    const renewals = await backend.renew(renewalsOf(claims))
    expect(renewals).toEqual(claims.map(() => expect.objectContaining({ granted: true })))
    const kept = async () => (await Promise.all(names.map((name) => askRedis(node, 'exists', name)))).join('')
    await until('the first server has all of them again', async () => (await kept()) === '1'.repeat(names.length))
    expect(await backend.releaseAll?.(claims)).toEqual(claims.map(() => true))
  })
})

describe('a clustered Redis whose master hands over', () => {
  it('is asked at the new one by the next attempt, although the address stays', async () => {
    const cluster = clusters[2] as (typeof clusters)[number]
    const former = nodes[2] as Server
    await using replica = await startRedisClusterReplica(cluster, former)
    let found = former
    const client: RedisClient = {
      options: {},
      duplicate: (override) => new Redis(found.url, { lazyConnect: true }).duplicate(override),
    }
    const backend = ended(redisBackend({ client }))
    const before = await visit(backend, 'handed over')
    await askRedis(replica, 'cluster', 'failover')
    await until('the replica is the master', async () =>
      (await askRedis(replica, 'info', 'replication')).includes('role:master'),
    )
    await until('the former master knows it', async () =>
      (await askRedis(former, 'info', 'replication')).includes('role:slave'),
    )
    found = replica
    await expect(backend.tryAcquire(claimOn('handed over'), terms())).rejects.toThrow('MOVED')
    expect(await visit(backend, 'handed over')).toBeGreaterThan(before)
  })
})
