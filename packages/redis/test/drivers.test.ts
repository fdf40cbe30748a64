import { allOf, createLocks, type LockBackend } from '@leasehold/core'
import { askRedis, TcpProxy, until } from '@leasehold/test-services'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey'
import { afterAll, describe, expect, it } from 'vitest'
import { slotOf } from '../src/cluster/slot.ts'
import { fencedSet, type RedisCommander, redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { nodesOf, startClusterStanding } from './cluster-standing.ts'
import { waitsWhereTheSlotIs } from './moving-slot.ts'
import { scriptsRun, startStanding, visit } from './standing.ts'

const standing = await startStanding()
const clustered = await startClusterStanding()
afterAll(() => Promise.all([standing.stop(), clustered.stop()]))

const places = () => clustered.cluster.nodes.map(({ host, port }) => ({ host, port }))
const lazyConnect = true

const ODD = {
  db: 3,
  keyPrefix: 'app:',
  commandTimeout: 1,
  connectionName: 'odd',
  enableAutoPipelining: true,
  maxRetriesPerRequest: null,
  protocol: 3,
  readOnly: true,
  reconnectOnError: () => 2,
  replyMapping: 'resp3',
  retryStrategy: () => 0,
  showFriendlyErrorStack: true,
  stringNumbers: true,
}

interface Driver {
  readonly version: string
  node(url: string, options?: object): LockBackend
  cluster(options?: object): LockBackend
  commander(url: string): RedisCommander & { disconnect(): void }
}

const drivers: Driver[] = [
  {
    version: 'ioredis 5.4.0, the oldest that is allowed',
    node: (url, options) => redisBackend({ client: new Redis5(url, { lazyConnect, ...options }) }),
    cluster: (options) => redisBackend({ client: new Cluster5(places(), { lazyConnect, ...options }) }),
    commander: (url) => new Redis5(url, { lazyConnect }),
  },
  {
    version: 'ioredis 6',
    node: (url, options) => redisBackend({ client: new Redis(url, { lazyConnect, ...options }) }),
    cluster: (options) => redisBackend({ client: new Cluster(places(), { lazyConnect, ...options }) }),
    commander: (url) => new Redis(url, { lazyConnect }),
  },
  {
    version: 'iovalkey',
    node: (url, options) => redisBackend({ client: new Valkey(url, { lazyConnect, ...options }) }),
    cluster: (options) => redisBackend({ client: new ValkeyCluster(places(), { lazyConnect, ...options }) }),
    commander: (url) => new Valkey(url, { lazyConnect }),
  },
]

const queueOf = (key: string) => keyNames('leasehold:', key).queue

async function handOver(one: LockBackend, other: LockBackend, key: string, isInLine: () => Promise<boolean>) {
  const [here, there] = [createLocks(one), createLocks(other, { pollMs: 60_000 })]
  const lease = await here.named(key).acquire()
  const next = there.named(key).acquire()
  await until('it stands in line', isInLine)
  await lease.renew()
  expect(await lease.release()).toBe('released')
  expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
  const group = await allOf(here, [`${key} a`, `${key} b`, `${key} c`]).acquire()
  expect(await group.release()).toBe('released')
  await Promise.all([here.close(), there.close()])
}

describe.each(drivers)('$version', ({ version, node, cluster, commander }) => {
  it('locks, waits, hands over and renews on one node', async () => {
    const { server, ask } = standing
    const key = `node ${version}`
    await handOver(node(server.url), node(server.url), key, async () => (await ask('exists', queueOf(key))) === '1')
  })

  it('runs nothing twice over a connection that is cut', async () => {
    await using proxy = await TcpProxy.open(standing.server)
    const backend = node(proxy.through(standing.server.url))
    await visit(backend, `cut ${version}`)
    await standing.ask('config', 'resetstat')
    const cut = proxy.cutAfter(1, 'replies')
    await expect(backend.tryAcquire(claimOn(`cut ${version}`), terms())).rejects.toThrow(/closed|reset/i)
    await cut
    expect(await scriptsRun(standing)).toBe(1)
    await backend.close?.()
  })

  it('locks, waits and hands over on a Cluster', async () => {
    const key = `cluster ${version}`
    const [server] = await nodesOf(clustered, slotOf(queueOf(key)))
    const isInLine = async () => (await askRedis(server, 'exists', queueOf(key))) === '1'
    await handOver(cluster(), cluster(), key, isInLine)
  })

  it('logs in to a Cluster as its client would', async () => {
    const { nodes } = clustered.cluster
    const everywhere = (...command: string[]) => Promise.all(nodes.map((node) => askRedis(node, ...command)))
    await everywhere('acl', 'setuser', 'known', 'on', '>open-sesame', '~*', '&*', '+@all')
    const backend = cluster({ redisOptions: { username: 'known', password: 'open-sesame' } })
    await visit(backend, `known ${version}`)
    expect((await everywhere('client', 'list')).join()).toContain('user=known')
    await backend.close?.()
  })

  it('is refused by a Cluster for a wrong password, however often it tries', async () => {
    const everywhere = clustered.cluster.nodes.map((node) =>
      askRedis(node, 'acl', 'setuser', 'known', 'reset', 'on', '>open-sesame', '~*', '&*', '+@all'),
    )
    await Promise.all(everywhere)
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const backend = cluster({ redisOptions: { username: 'known', password: 'wrong' } })
      await expect(visit(backend, `refused ${version}`)).rejects.toThrow('WRONGPASS')
      await backend.close?.()
    }
  })

  it('follows a slot that moves while somebody waits', () =>
    waitsWhereTheSlotIs(clustered, `moved ${version}`, cluster))

  it('works with whatever your client is set to', async () => {
    const key = `odd ${version}`
    const { url } = standing.server
    const { queue } = keyNames('app:leasehold:', key)
    const isInLine = async () => (await standing.ask('-n', '3', 'exists', queue)) === '1'
    await handOver(node(url, ODD), node(url, ODD), key, isInLine)
  })

  it('keeps fenced values', async () => {
    const client = commander(standing.server.url)
    await fencedSet(client, `fenced ${version}`, 'new', 8n)
    await expect(fencedSet(client, `fenced ${version}`, 'old', 7n)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    client.disconnect()
  })
})
