import { inspect } from 'node:util'
import { allOf, createLocks, type LockBackend } from '@leasehold/core'
import { askRedis, TcpProxy, until } from '@leasehold/test-services'
import { createCluster as createCluster5 } from 'redis'
import { createCluster as createCluster4 } from 'redis4'
import { createCluster as createCluster6 } from 'redis6'
import { afterAll, describe, expect, it } from 'vitest'
import { slotOf } from '../src/cluster/slot.ts'
import { fencedSet, type NodeRedisClusterClient, redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { nodesOf, startClusterStanding } from './cluster-standing.ts'
import { waitsWhereTheSlotIs } from './moving-slot.ts'
import { type ClusterOptions, clusterLibraries } from './node-redis-clusters.ts'
import { scriptsRunAt, visit } from './standing.ts'

// A rejection that nobody handles, or an error event that nobody listens to, fails the run of this file.
const standing = await startClusterStanding()
const { nodes } = standing.cluster
afterAll(standing.stop)

const rootNodes = nodes.map(({ url }) => ({ url }))
const everywhere = (...command: string[]) => Promise.all(nodes.map((node) => askRedis(node, ...command)))

const queueOf = (key: string, prefix = 'leasehold:') => keyNames(prefix, key).queue
const serverOf = async (key: string) => (await nodesOf(standing, slotOf(queueOf(key))))[0]
const isInLine = (key: string, prefix?: string) => async () => {
  const counts = await Promise.all(nodes.map((node) => askRedis(node, 'exists', queueOf(key, prefix))))
  return counts.includes('1')
}

async function handOver(one: LockBackend, other: LockBackend, key: string, isWaitedFor = isInLine(key)) {
  const [here, there] = [createLocks(one), createLocks(other, { pollMs: 60_000 })]
  const lease = await here.named(key).acquire()
  const next = there.named(key).acquire({ waitMs: 60_000 })
  await until('it stands in line', isWaitedFor)
  await lease.renew()
  expect(await lease.release()).toBe('released')
  expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
  const group = await allOf(here, [`${key} a`, `${key} b`, `${key} c`]).acquire()
  expect(await group.release()).toBe('released')
  await Promise.all([here.close(), there.close()])
}

describe.each(clusterLibraries)('a Cluster by $library', ({ library, cluster }) => {
  const open = (options?: Partial<ClusterOptions>, replyTimeoutMs = 3000) =>
    redisBackend({ client: cluster({ rootNodes, ...options }), replyTimeoutMs })

  it('serves keys of all slots, hands over, and leaves no connection', async () => {
    const name = library.replaceAll(' ', '-')
    const backend = open({ defaults: { name } })
    const tokens = await Promise.all(Array.from({ length: 30 }, (_, index) => visit(backend, `${library} ${index}`)))
    expect(tokens.every((token) => token > 0n)).toBe(true)
    const named = async () =>
      (await everywhere('client', 'list')).join().match(new RegExp(` name=leasehold:${name} `, 'g'))
    await until('each master has one', async () => (await named())?.length === nodes.length)
    await backend.close?.()
    await until('the connections are closed', async () => (await named()) === null)
    await handOver(open(), open(), `handed over ${library}`)
  })

  it('leaves your client alone', async () => {
    const client = cluster({ rootNodes, defaults: { username: 'default', password: 'any' } })
    const before = inspect(client._options, { depth: 9 })
    const backend = redisBackend({ client })
    await visit(backend, `alone ${library}`).catch(() => {})
    await backend.close?.()
    expect(inspect(client._options, { depth: 9 })).toBe(before)
    expect(client).toMatchObject({ isOpen: false })
  })

  it('logs in as your client would, also by what a root node says of itself', async () => {
    await everywhere('acl', 'setuser', 'known', 'reset', 'on', '>open-sesame', '~*', '&*', '+@all')
    const credentials = { username: 'known', password: 'open-sesame' }
    const backend = open({ defaults: credentials })
    await visit(backend, `known ${library}`)
    expect((await everywhere('client', 'list')).join()).toContain('user=known')
    await backend.close?.()
    const wrong = rootNodes.map((root) => ({ ...root, username: 'known', password: 'wrong' }))
    await expect(visit(open({ rootNodes: wrong, defaults: credentials }), 'any')).rejects.toThrow('WRONGPASS')
  })

  it('asks a provider of credentials for each connection', async () => {
    await everywhere('acl', 'setuser', 'known', 'reset', 'on', '>open-sesame', '~*', '&*', '+@all')
    let asked = 0
    const credentials = async () => {
      asked += 1
      return { username: 'known', password: 'open-sesame' }
    }
    const credentialsProvider = { type: 'async-credentials-provider', credentials }
    const backend = open({ defaults: { credentialsProvider } })
    await visit(backend, `provided ${library}`)
    // Who looks at the Cluster has a connection of his own.
    expect(asked).toBe(2)
    await backend.close?.()
  })

  it('is found although one of its nodes hangs', async () => {
    const key = `found ${library}`
    const own = await serverOf(key)
    const [frozen] = nodes.filter((node) => node !== own)
    frozen?.freeze()
    const token = await visit(open(), key).finally(() => frozen?.thaw())
    expect(token).toBeGreaterThan(0n)
  })

  it('runs nothing twice over a connection that is cut, and goes on over another', async () => {
    const key = `cut ${library}`
    const server = await serverOf(key)
    await using proxy = await TcpProxy.open(server)
    const detour = new URL(proxy.through(server.url))
    const nodeAddressMap = (address: string) =>
      address === `${server.host}:${server.port}` ? { host: detour.hostname, port: Number(detour.port) } : undefined
    const backend = open({ nodeAddressMap })
    for (let visits = 0; visits < 2; visits += 1) await visit(backend, key)
    await askRedis(server, 'config', 'resetstat')
    const cut = proxy.cutAfter(1, 'replies')
    await expect(backend.tryAcquire(claimOn(key), terms())).rejects.toThrow(/closed|reset/i)
    await cut
    expect(await scriptsRunAt(server)).toBe(1)
    await visit(backend, `${key} {again}`)
    await backend.close?.()
  })

  it('gives up a master that says nothing', async () => {
    const key = `{mute} ${library}`
    const server = await serverOf(key)
    await using proxy = await TcpProxy.open(server)
    const detour = new URL(proxy.through(server.url))
    const nodeAddressMap = (address: string) =>
      address === `${server.host}:${server.port}` ? { host: detour.hostname, port: Number(detour.port) } : undefined
    const backend = open({ nodeAddressMap }, 300)
    await until('it speaks', () =>
      visit(backend, key)
        .catch(() => 0n)
        .then((token) => token > 0n),
    )
    proxy.swallow('replies')
    await expect(backend.tryAcquire(claimOn(`${key} too`), terms())).rejects.toThrow('no answer within 300 ms')
    proxy.heal()
    await until('another speaks', () =>
      visit(backend, key)
        .catch(() => 0n)
        .then((token) => token > 0n),
    )
    await backend.close?.()
  })

  it('follows a slot that moves while somebody waits', () => waitsWhereTheSlotIs(standing, `moved ${library}`, open))

  it('listens anew where the server has ended the subscription by itself', async () => {
    const key = `unheard ${library}`
    const slot = slotOf(queueOf(key))
    const [server] = await nodesOf(standing, slot)
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const lease = await one.named(key).acquire()
    const next = other.named(key).acquire({ waitMs: 60_000 })
    await until('it stands in line', isInLine(key))
    const heard = async () => (await askRedis(server, 'pubsub', 'shardchannels', `*${key}*`)) !== ''
    await until('it listens', heard)
    await askRedis(server, 'cluster', 'setslot', String(slot), 'node', await askRedis(server, 'cluster', 'myid'))
    await until('it listens again', heard)
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
  })

  it('works with whatever your client is set to', async () => {
    const defaults = {
      pingInterval: 1,
      readonly: true,
      commandsQueueMaxLength: 1,
      socket: { reconnectStrategy: () => 1, socketTimeout: 10, connectTimeout: 1 },
    }
    const odd = { defaults, useReplicas: true, maxCommandRedirections: 0, commandOptions: { timeout: 1 } }
    await handOver(open(odd), open(odd), `odd ${library}`)
  })

  it('keeps fenced values', async () => {
    const client = cluster({ rootNodes }) as NodeRedisClusterClient & { connect(): Promise<unknown>; destroy(): void }
    await client.connect()
    for (const key of [`{price} ${library}`, `buyer:A1 ${library}`, `no } tag ${library}`]) {
      await fencedSet(client, key, 'new', 8n)
      await expect(fencedSet(client, key, 'old', 7n)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    }
    client.destroy()
  })
})

describe('a Cluster of node-redis', () => {
  it.each([
    ['5', () => createCluster5({ rootNodes })],
    ['6', () => createCluster6({ rootNodes })],
  ])('%s leaves nothing open, before it is used and after it is closed', async (_, client) => {
    const resources = () => process.getActiveResourcesInfo().filter((name) => /Wrap$/.test(name)).length
    const before = resources()
    const backend = redisBackend({ client: client() })
    expect(resources()).toBe(before)
    await visit(backend, 'nothing open')
    await backend.close?.()
    await until('nothing is open', () => resources() <= before)
  })

  it('that was closed before lends what it was made with', async () => {
    const client = createCluster6({ rootNodes })
    await client.connect()
    await client.close()
    const backend = redisBackend({ client })
    expect(await visit(backend, 'closed before')).toBeGreaterThan(0n)
    await backend.close?.()
  })

  it('puts its own prefix before all names, from 6 on', async () => {
    const open = () => redisBackend({ client: createCluster6({ rootNodes, keyPrefix: 'app:' }) })
    await handOver(open(), open(), 'prefixed', isInLine('prefixed', 'app:leasehold:'))
    const client = createCluster6({ rootNodes, keyPrefix: 'app:' })
    await client.connect()
    await fencedSet(client, 'prefixed', 'new', 8n)
    expect(await client.get('prefixed')).toBe('new')
    client.destroy()
  })

  it('before 5 keeps fenced values', async () => {
    const client = createCluster4({ rootNodes })
    await client.connect()
    await fencedSet(client, 'by 4', 'new', 8n)
    await expect(fencedSet(client, 'by 4', 'old', 7n)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    await client.disconnect()
  })
})
