import type { LockBackend } from '@leasehold/core'
import {
  askRedis,
  type RedisCluster,
  type Server,
  type Settings,
  startRedisCluster,
  until,
} from '@leasehold/test-services'
import { Cluster } from 'ioredis'
import { redisBackend } from '../src/index.ts'

export interface ClusterStanding {
  readonly cluster: RedisCluster
  open(): LockBackend
  client(): Cluster
  /** What a node says. */
  ask(node: Server, ...command: string[]): Promise<string>
  stop(): Promise<void>
}

/** A Cluster of this test file's own, and clients of it that end with it. */
export async function startClusterStanding(settings: Settings = {}): Promise<ClusterStanding> {
  const cluster = await startRedisCluster({ own: true, settings })
  const opened: LockBackend[] = []
  const client = () =>
    new Cluster(
      cluster.nodes.map(({ host, port }) => ({ host, port })),
      { lazyConnect: true },
    )
  return {
    cluster,
    client,
    open() {
      const backend = redisBackend({ client: client() })
      opened.push(backend)
      return backend
    },
    ask: askRedis,
    async stop() {
      for (const backend of opened) await backend.close?.()
      await cluster.stop()
    },
  }
}

/** The node that serves the slot of a key, and another. */
export async function nodesOf({ cluster }: ClusterStanding, slot: number): Promise<readonly [Server, Server]> {
  const [any] = cluster.nodes as [Server]
  const ranges = (await askRedis(any, 'cluster', 'nodes')).split('\n').map((line) => line.split(' '))
  const serves = (fields: readonly string[]) =>
    fields.slice(8).some((range) => {
      const [first, last = first] = range.split('-').map(Number)
      return first !== undefined && last !== undefined && first <= slot && slot <= last
    })
  const port = Number(/:(\d+)@/.exec(ranges.find(serves)?.[1] ?? '')?.[1])
  const source = cluster.nodes.find((node) => node.port === port)
  const target = cluster.nodes.find((node) => node.port !== port)
  if (source === undefined || target === undefined) throw new Error(`nobody serves slot ${slot}`)
  return [source, target]
}

const idOf = (node: Server): Promise<string> => askRedis(node, 'cluster', 'myid')

export interface Migration {
  /** Keys on their way. */
  move(...names: readonly string[]): Promise<void>
  /** From now on, everybody is sent to the new node. */
  finish(): Promise<void>
}

/** Begins to move a slot: its keys are asked for at both nodes. */
export async function migrate(slot: number, source: Server, target: Server): Promise<Migration> {
  await askRedis(target, 'cluster', 'setslot', String(slot), 'importing', await idOf(source))
  await askRedis(source, 'cluster', 'setslot', String(slot), 'migrating', await idOf(target))
  const move = async (...names: readonly string[]): Promise<void> => {
    if (names.length > 0)
      await askRedis(source, 'migrate', target.host, String(target.port), '', '0', '5000', 'keys', ...names)
  }
  return {
    move,
    async finish() {
      const rest = async () =>
        (await askRedis(source, 'cluster', 'getkeysinslot', String(slot), '100')).split('\n').filter(Boolean)
      for (let names = await rest(); names.length > 0; names = await rest()) await move(...names)
      for (const node of [target, source])
        await askRedis(node, 'cluster', 'setslot', String(slot), 'node', await idOf(target))
    },
  }
}

export const slotAt = async (node: Server, name: string): Promise<number> =>
  Number(await askRedis(node, 'cluster', 'keyslot', name))

export const isComplete = (node: Server): Promise<void> =>
  until('every slot is served', async () => (await askRedis(node, 'cluster', 'info')).includes('cluster_state:ok'))
