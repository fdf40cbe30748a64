import { randomUUID } from 'node:crypto'
import type { LockBackend } from '@leasehold/core'
import type { FaultHooks } from '@leasehold/core/conformance'
import {
  askRedis,
  type Server,
  startClusteredRedis,
  startRedis,
  startRedisCluster,
  startRedisSentinels,
} from '@leasehold/test-services'
import { holderProgramOf } from '../conformance/holder-program.ts'
import { linkHooks, oneLink } from '../conformance/links.ts'
import type { RunningTarget } from '../conformance/running-target.ts'
import { TcpProxy } from '../loopback/tcp-proxy.ts'
import { type Address, openRedis } from './client.ts'

/** Servers that are up, and how they are harmed. */
interface Standing {
  readonly name: string
  readonly kind: Address['kind']
  /** Which clients are told. */
  readonly entries: readonly Server[]
  /** Those that keep data. */
  readonly nodes: readonly Server[]
  readonly restart: Pick<FaultHooks, 'restartKeepingData' | 'restartEmpty'>
  /** A client that asks the way first takes several trips before it acquires. */
  readonly ttlMs?: number
  stop(): Promise<void>
}

/** One real Redis, with every fault hook that has a meaning for it. */
export const startRedisTarget = (): Promise<RunningTarget> => startNode('redis', 'node')

/** The same, reached by the other large library. */
export const startNodeRedisTarget = (): Promise<RunningTarget> => startNode('redis-node-redis', 'node by node-redis')

export const startNodeRedis6Target = (): Promise<RunningTarget> =>
  startNode('redis-node-redis-6', 'node by node-redis 6')

export const startIovalkeyTarget = (): Promise<RunningTarget> => startNode('redis-iovalkey', 'node by iovalkey')

async function startNode(name: string, kind: Address['kind']): Promise<RunningTarget> {
  const server = await startRedis({ own: true })
  return targetOf({
    name,
    kind,
    entries: [server],
    nodes: [server],
    restart: restartsOf(server),
    stop: () => server.stop(),
  })
}

/** A plain client at the one address of a clustered service: all slots are there, and a script serves one of them. */
export async function startClusteredRedisTarget(): Promise<RunningTarget> {
  const cluster = await startClusteredRedis()
  return targetOf({
    name: 'redis-clustered',
    kind: 'node',
    entries: cluster.nodes,
    nodes: cluster.nodes,
    restart: restartsOf(cluster),
    stop: () => cluster.stop(),
  })
}

/** Three masters without replicas, one proxy before each. */
export const startRedisClusterTarget = (): Promise<RunningTarget> => startCluster('redis-cluster', 'cluster')

export const startNodeRedisClusterTarget = (): Promise<RunningTarget> =>
  startCluster('redis-cluster-node-redis', 'cluster by node-redis')

async function startCluster(name: string, kind: Address['kind']): Promise<RunningTarget> {
  const cluster = await startRedisCluster({ own: true })
  return targetOf({
    name,
    kind,
    ttlMs: 600,
    entries: cluster.nodes,
    nodes: cluster.nodes,
    restart: restartsOf(cluster),
    stop: () => cluster.stop(),
  })
}

/** A primary, its replica and three sentinels. */
export const startRedisSentinelTarget = (): Promise<RunningTarget> => startSentinels('redis-sentinel', 'sentinel')

export const startNodeRedisSentinelTarget = (): Promise<RunningTarget> =>
  startSentinels('redis-sentinel-node-redis', 'sentinel by node-redis')

async function startSentinels(name: string, kind: Address['kind']): Promise<RunningTarget> {
  const group = await startRedisSentinels({ downAfterMs: 60_000 })
  return targetOf({
    name,
    kind,
    ttlMs: 600,
    entries: group.sentinels,
    nodes: [group.primary, group.replica],
    // The sentinels are patient: on a busy machine, too, the replica follows what came back, and is not made the primary meanwhile.
    restart: restartsOf(group.primary),
    stop: () => group.stop(),
  })
}

const restartsOf = (servers: Pick<Server, 'restart'>): Standing['restart'] => ({
  restartKeepingData: () => servers.restart(),
  restartEmpty: () => servers.restart({ keepData: false }),
})

async function targetOf({ name, kind, entries, nodes, restart, ttlMs = 400, stop }: Standing): Promise<RunningTarget> {
  const urls = entries.map(({ url }) => url)
  const proxies: TcpProxy[] = []
  /** By which name the server knows the connections of each client. */
  const names = new WeakMap<LockBackend, string>()
  const open = (way: Omit<Address, 'kind' | 'connectionName'> = { urls }): LockBackend => {
    const connectionName = randomUUID()
    const backend = openRedis({ kind, connectionName, ...way })
    names.set(backend, connectionName)
    return backend
  }
  const faults: FaultHooks = {
    ...restart,
    holderProgram: await holderProgramOf(import.meta.url, [
      JSON.stringify({ kind, urls, connectionName: 'holder' } satisfies Address),
    ]),
    ...linkHooks(async () => {
      const before = nodes.map(({ port }) => new TcpProxy(port))
      proxies.push(...before)
      const ports = await Promise.all(before.map((proxy) => proxy.port()))
      const detours = new Map(nodes.map(({ port }, index) => [port, ports[index] as number]))
      const way = { urls: urls.map((url) => byWayOf(url, detours)), detours }
      const backend = open(way)
      // A client in use: its connections stand before the link is harmed.
      await Promise.all(Array.from({ length: 20 }, (_, index) => backend.inspect?.(`any ${index}`)))
      return { backend, link: oneLink(before) }
    }),
    openRefused: () => open({ urls, credentials: { username: 'nobody', password: 'wrong' } }),
    async killSession(backend) {
      for (const node of nodes) await killConnections(node, names.get(backend) ?? '')
    },
  }
  return {
    target: { name, ttlMs, open: () => open(), faults },
    async stop() {
      for (const proxy of proxies) await proxy.close()
      await stop()
    },
  }
}

function byWayOf(url: string, detours: ReadonlyMap<number, number>): string {
  const way = new URL(url)
  way.port = String(detours.get(Number(way.port)) ?? way.port)
  return way.href
}

async function killConnections(server: Server, name: string): Promise<void> {
  const clients = (await askRedis(server, 'client', 'list')).split('\n')
  const own = clients.filter((client) => client.includes(` name=leasehold:${name} `))
  for (const client of own) await askRedis(server, 'client', 'kill', 'id', /^id=(\d+)/.exec(client)?.[1] ?? '')
}
