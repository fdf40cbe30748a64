import { createLocks, type LockBackend } from '@leasehold/core'
import { askRedis, type Server, startRedis, TcpProxy, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { slotOf } from '../src/cluster/slot.ts'
import { type RedisClient, redisBackend, redisQuorumBackend } from '../src/index.ts'
import { keyNames, quorumNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { nodesOf, startClusterStanding } from './cluster-standing.ts'
import { startStanding } from './standing.ts'

// Who waits counts on being told. Here the server does not see that he listens, and there is no poll to make up for it.
const [standing, clustered, elsewhere] = await Promise.all([
  startStanding(),
  startClusterStanding(),
  startRedis({ own: true }),
])
const { ask, server } = standing
afterAll(async () => {
  for (const each of [standing, clustered, elsewhere]) await each.stop()
})

const PATIENT = { pollMs: 60_000 }
const LONG = { waitMs: 200_000 }

/** Each connection in its turn leads where this says. */
function led(to: (nth: number) => string): RedisClient {
  let count = 0
  return {
    options: {},
    duplicate(override) {
      count += 1
      return new Redis(to(count), { lazyConnect: true }).duplicate(override)
    },
  }
}

const isListenedTo = (at: Server) => async () => (await askRedis(at, 'pubsub', 'channels', 'leasehold:turns:*')) !== ''

/** Whoever waits for the key, as the server knows them: when they last lived, TTL, process. */
const waitersOf = (key: string) => ask('hvals', keyNames('leasehold:', key).waiters)

/** The first connection of a backend is that of its scripts. */
async function scriptsFirst(backend: LockBackend): Promise<LockBackend> {
  await backend.inspect?.('any')
  return backend
}

describe('a waiter whom the server does not see any more', () => {
  it('listens anew on a Cluster that has ended his subscription, and then where all are told', async () => {
    const key = 'taken away'
    const [one, other] = [createLocks(clustered.open()), createLocks(clustered.open(), PATIENT)]
    const slot = slotOf(keyNames('leasehold:', key).queue)
    const [master] = await nodesOf(clustered, slot)
    const listens = async () => (await askRedis(master, 'pubsub', 'shardchannels', `*${key}*`)) !== ''
    // Changes nothing, and takes every channel of the slot away from those who listen.
    const takeAway = async () =>
      askRedis(master, 'cluster', 'setslot', String(slot), 'node', await askRedis(master, 'cluster', 'myid'))
    for (const round of ['once', 'once more']) {
      const lease = await one.named(key).acquire({ waitMs: 10_000 })
      const next = other.named(key).acquire(LONG)
      await until('he listens', listens)
      await takeAway()
      if (round === 'once') await until('he listens again', listens)
      else
        await until('all are told', async () =>
          (await Promise.all(clustered.cluster.nodes.map((each) => isListenedTo(each)()))).includes(true),
        )
      await lease.release()
      expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
      await (await next).release()
    }
    await Promise.all([one.close(), other.close()])
  })

  it('listens anew where the server has ended his connection, and nobody told him', async () => {
    const key = 'half open'
    await using proxy = await TcpProxy.open(server)
    const way = led((nth) => (nth === 2 ? proxy.through(server.url) : server.url))
    const holder = createLocks(standing.open())
    const waiter = createLocks(await scriptsFirst(redisBackend({ client: way })), PATIENT)
    const lease = await holder.named(key).acquire()
    const next = waiter.named(key).acquire(LONG)
    await until('he listens', isListenedTo(server))
    proxy.swallow('requests')
    proxy.swallow('replies')
    await ask('client', 'kill', 'type', 'pubsub')
    await until('he listens again', isListenedTo(server))
    await lease.release()
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([holder.close(), waiter.close()])
  })
})

describe('a waiter whom the server cannot see', () => {
  it('keeps his place, and has his turn before those who came later', async () => {
    const key = 'unseen'
    // What listens is connected to another server, as behind a proxy that does not count who listens.
    const deaf = led((nth) => (nth === 1 ? server.url : elsewhere.url))
    const [holder, later] = [createLocks(standing.open()), createLocks(standing.open(), PATIENT)]
    const unseen = createLocks(await scriptsFirst(redisBackend({ client: deaf })), PATIENT)
    const lease = await holder.named(key).acquire()
    const first = unseen.named(key).acquire(LONG)
    await until('the server knows that it cannot see him', async () => (await waitersOf(key)).includes(' *'))
    const second = later.named(key).acquire(LONG)
    await until('both stand in line', async () => (await waitersOf(key)).split('\n').length === 2)
    await lease.release()
    const turn = await first
    await turn.release()
    expect((await second).fencingToken).toBeGreaterThan(turn.fencingToken)
    await Promise.all([holder.close(), later.close(), unseen.close()])
  })

  it('has his turn at a quorum, too', async () => {
    const key = 'unseen'
    const all = await Promise.all([1, 2, 3].map(() => startRedis({ own: true, settings: { appendonly: 'yes' } })))
    const clients = all.map(({ url }) => led((nth) => (nth === 1 ? url : elsewhere.url)))
    const unseen = redisQuorumBackend({ clients, durable: true })
    const holder = redisQuorumBackend({
      clients: all.map(({ url }) => new Redis(url, { lazyConnect: true })),
      durable: true,
    })
    await unseen.inspect?.('any')
    const held = claimOn(key)
    await holder.tryAcquire(held, terms())
    const wait = unseen.waitForTurn?.(claimOn(key), terms(), new AbortController().signal)
    const isUnseen = async (each: Server) =>
      (await askRedis(each, 'hvals', quorumNames('leasehold-quorum:', key).waiters)).includes(' *')
    await until('all know that they cannot see him', async () => (await Promise.all(all.map(isUnseen))).every(Boolean))
    await holder.release(held)
    // A hint to try.
    expect(await wait).toBeUndefined()
    await unseen.close?.()
    await holder.close?.()
    for (const each of all) await each.stop()
  })
})
