import { serversAtAddresses } from '../address.ts'
import { announced } from '../announce.ts'
import { freePort } from '../machine/free-port.ts'
import { LocalServer } from '../machine/local-server.ts'
import type { RestartOptions, Server, ServerOptions, Settings } from '../server.ts'
import { restartAll, startAll, stopAll } from '../server-group.ts'
import { until } from '../until.ts'
import { askRedis } from './ask.ts'
import { nodeRecipe } from './node.ts'

const MASTERS = 3
const SLOTS = 16_384
/** Where, above its port, a node of a cluster listens for the others. */
const busOffset = 10_000

export class RedisCluster {
  readonly source: string
  /** The masters, each with as many slots. */
  readonly nodes: readonly Server[]

  constructor(nodes: readonly Server[]) {
    this.source = nodes.map((node) => node.source)[0] ?? 'nowhere'
    this.nodes = nodes
  }

  async restart(options: RestartOptions = {}): Promise<void> {
    await restartAll(this.nodes, options)
    if (options.keepData === false) await join(this.nodes)
    await isComplete(this.nodes)
  }

  stop(): Promise<void> {
    return stopAll(this.nodes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** One master that has all slots, and keeps to them all the same, as behind the one address of a clustered service. Always of this machine. */
export async function startClusteredRedis({ settings = {} }: ServerOptions = {}): Promise<RedisCluster> {
  return announced('clustered Redis', new RedisCluster(await startNodes(settings, 1)))
}

/** A Redis Cluster of three masters without replicas. */
export async function startRedisCluster(options: ServerOptions = {}): Promise<RedisCluster> {
  const nodes =
    serversAtAddresses('LEASEHOLD_REDIS_CLUSTER_URLS', options) ?? (await startNodes(options.settings ?? {}, MASTERS))
  return announced('Redis Cluster', new RedisCluster(nodes))
}

async function startNodes(settings: Settings, count: number): Promise<Server[]> {
  const nodes = await startAll(Array.from({ length: count }, () => startNode(settings)))
  try {
    await join(nodes)
    await isComplete(nodes)
    return nodes
  } catch (error) {
    await stopAll(nodes)
    throw error
  }
}

const startNode = async (settings: Settings): Promise<Server> =>
  LocalServer.start(nodeRecipe({ ...settings, 'cluster-enabled': 'yes' }), await freePort(busOffset))

/** A replica of one master of a Cluster that was started here: it has the master's data, and all masters know it. `cluster.stop()` leaves it alone. */
export async function startRedisClusterReplica(
  cluster: RedisCluster,
  master: Server,
  { settings = {} }: ServerOptions = {},
): Promise<Server> {
  const replica = announced('replica in a Redis Cluster', await startNode(settings))
  const masterId = await askRedis(master, 'cluster', 'myid')
  const id = await askRedis(replica, 'cluster', 'myid')
  for (const { host, port } of cluster.nodes) await askRedis(replica, 'cluster', 'meet', host, String(port))
  await until('the replica knows its master', async () =>
    (await askRedis(replica, 'cluster', 'replicate', masterId)).includes('OK'),
  )
  for (const node of cluster.nodes) {
    await until(`${node.url} knows the replica as one`, async () => {
      const nodes = (await askRedis(node, 'cluster', 'nodes')).split('\n')
      return nodes.some((line) => line.startsWith(id) && line.includes(masterId))
    })
  }
  await until('the replica has what the master has', async () =>
    (await askRedis(replica, 'info', 'replication')).includes('master_link_status:up'),
  )
  return replica
}

async function join(nodes: readonly Server[]): Promise<void> {
  const [first, ...others] = nodes
  const addresses = nodes.map(({ host, port }) => `${host}:${port}`)
  if (first === undefined) return
  if (others.length > 0) await askRedis(first, '--cluster', 'create', ...addresses, '--cluster-yes')
  else await askRedis(first, 'cluster', 'addslots', ...Array.from({ length: SLOTS }, (_, slot) => String(slot)))
}

async function isComplete(nodes: readonly Server[]): Promise<void> {
  for (const node of nodes) {
    await until(`every slot is served in the eyes of ${node.url}`, async () =>
      (await askRedis(node, 'cluster', 'info')).includes('cluster_state:ok'),
    )
  }
}
