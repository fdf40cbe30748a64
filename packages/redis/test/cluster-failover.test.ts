import { createLocks, type Grant, type LockEvent } from '@leasehold/core'
import { askRedis, Lateness, type Server, startRedisClusterReplica, until } from '@leasehold/test-services'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { slotOf, slotOfText } from '../src/cluster/slot.ts'
import { keyNames } from '../src/key-names.ts'
import { PARTITIONS, partitionOf } from '../src/partitions.ts'
import { claimOn, terms } from './claims.ts'
import { isComplete, nodesOf, startClusterStanding } from './cluster-standing.ts'

const standing = await startClusterStanding()
const { cluster, open } = standing
const [one] = cluster.nodes as [Server]
afterAll(standing.stop)

const DEAD_TTL_MS = 2000

const masters = await Promise.all(PARTITIONS.map(async (tag) => (await nodesOf(standing, slotOfText(tag)))[0]))
const isInShard = (key: string): boolean => masters[PARTITIONS.indexOf(partitionOf(key))] === one

/** A key of the shard that has a replica, or of the others. */
function keyOf(name: string, inShard = true): string {
  const keys = Array.from({ length: 100 }, (_, index) => `${name} ${index}`)
  return keys.find((key) => isInShard(key) === inShard) ?? name
}

const replication = async (node: Server, field: string): Promise<string> =>
  new RegExp(`^${field}:(\\S+)`, 'm').exec(await askRedis(node, 'info', 'replication'))?.[1] ?? ''

const isMaster = (node: Server) => async () => (await replication(node, 'role')) === 'master'

const follows = (replica: Server, master: Server) => async () =>
  (await replication(replica, 'master_link_status')) === 'up' &&
  (await replication(replica, 'slave_repl_offset')) === (await replication(master, 'master_repl_offset'))

const exists = async (node: Server, name: string): Promise<boolean> => (await askRedis(node, 'exists', name)) === '1'

describe('a Cluster that is down in part', () => {
  it('grants nothing, and goes on with greater tokens when it is back', async () => {
    const locks = createLocks(open())
    const lease = await locks.named('down').acquire()
    const [own] = await nodesOf(standing, slotOf(keyNames('leasehold:', 'down').hold))
    const [lost] = cluster.nodes.filter((node) => node !== own)
    const slots = (await askRedis(lost as Server, 'cluster', 'nodes'))
      .split('\n')
      .find((line) => line.includes('myself'))
    const [slot = ''] = (slots ?? '').split(' ').slice(8)[0]?.split('-') ?? []
    for (const node of cluster.nodes) await askRedis(node, 'cluster', 'delslots', slot)
    await expect(locks.named('down').inspect()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await expect(locks.named('down').inspect()).rejects.toThrow('CLUSTERDOWN')
    await askRedis(lost as Server, 'cluster', 'addslots', slot)
    for (const node of cluster.nodes) await isComplete(node)
    await lease.renew()
    await lease.release()
    expect((await locks.named('down').acquire()).fencingToken).toBeGreaterThan(lease.fencingToken)
    await locks.close()
  })

  it('loses the keys of a master that is killed, and none of the others', async () => {
    const locks = createLocks(open(), { requestTimeoutMs: 1000 })
    const [lost, ...others] = cluster.nodes as [Server, ...Server[]]
    await lost.kill()
    const keys = Array.from({ length: 12 }, (_, index) => `killed ${index}`)
    const attempts = await Promise.allSettled(keys.map((key) => locks.named(key).tryAcquire()))
    expect(attempts.some(({ status }) => status === 'rejected')).toBe(true)
    await lost.restart()
    for (const node of [lost, ...others]) await isComplete(node)
    await until('all are served', async () => {
      const leases = await Promise.allSettled(keys.map((key) => locks.named(key).inspect()))
      return leases.every(({ status }) => status === 'fulfilled')
    })
    await locks.close()
  })
})

describe('a master that has a replica', () => {
  let other: Server
  beforeAll(async () => {
    other = await startRedisClusterReplica(cluster, one)
  })
  afterAll(() => other.stop())

  it('that hands over to it takes nothing from anybody: not a lease, nor a turn', async () => {
    const [holder, waiter] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const key = keyOf('handed over')
    const lease = await holder.named(key).acquire()
    const next = waiter.named(key).acquire({ waitMs: 60_000 })
    next.catch(() => {})
    await until('it stands in line', () => exists(one, keyNames('leasehold:', key).queue))
    expect(await askRedis(other, 'cluster', 'failover')).toBe('OK')
    await until('the replica is the master', isMaster(other))
    await lease.renew()
    expect(await lease.release()).toBe('released')
    const successor = await next
    expect(successor.fencingToken).toBeGreaterThan(lease.fencingToken)
    await successor.renew()
    await Promise.all([holder.close(), waiter.close()])
  })

  it('that is killed leaves it what that had: tokens go on, and other shards notice nothing', async () => {
    const told: LockEvent[] = []
    const holder = createLocks(open(), { onEvent: (event) => told.push(event) })
    const [early, late] = [createLocks(open()), createLocks(open())]
    await until('the old master follows', follows(one, other))
    const [kept, elsewhere] = [
      await holder.named(keyOf('kept')).acquire(),
      await holder.named(keyOf('kept', false)).acquire(),
    ]
    const backend = open()
    const dead = claimOn(keyOf('dead'))
    const sentMs = performance.now()
    const granted = (await backend.tryAcquire(dead, terms(DEAD_TTL_MS))) as Grant
    await until('the replica has all of it', follows(one, other))
    const waiting = early.named(dead.key).acquire({ waitMs: 60_000 })
    const waitedUntilMs = waiting.then(() => performance.now())
    waitedUntilMs.catch(() => {})

    // What is granted now is known to the master alone.
    one.freeze()
    await askRedis(other, 'client', 'kill', 'type', 'replica')
    const missed = await holder.named(keyOf('missed')).acquire()
    await other.kill()
    one.thaw()
    await askRedis(one, 'cluster', 'failover', 'takeover')
    await until('the replica is the master', isMaster(one))
    const promotedMs = performance.now()
    const lateness = Lateness.watch()

    // The one overlap that asynchronous replication admits: the token tells them apart.
    const successor = await late.named(missed.key).acquire({ waitMs: 60_000 })
    expect(successor.fencingToken).toBeGreaterThan(missed.fencingToken)
    const isRenewed = () =>
      kept.renew().then(
        () => true,
        () => false,
      )
    await until('the holder has found the new master', isRenewed)
    await expect(missed.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(await missed.release()).toBe('lost')
    expect(await late.named(kept.key).tryAcquire()).toBeNull()

    const { fencingToken } = await waiting
    const allowanceMs = lateness.allowanceMs()
    expect(fencingToken).toBeGreaterThan(granted.fencingToken)
    expect((await waitedUntilMs) - sentMs).toBeGreaterThanOrEqual(DEAD_TTL_MS)
    expect((await waitedUntilMs) - promotedMs).toBeLessThan(DEAD_TTL_MS + backend.capabilities.slackMs + allowanceMs)

    elsewhere.assertHeld()
    await elsewhere.renew()
    expect(told.filter(({ type }) => type === 'lost').map(({ key }) => key)).toEqual([missed.key])
    expect(await kept.release()).toBe('released')
    expect(await elsewhere.release()).toBe('released')
    for (const locks of [holder, early, late]) await locks.close()
  })
})
