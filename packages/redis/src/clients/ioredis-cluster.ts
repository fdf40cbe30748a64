import { isOver } from '../connection-errors.ts'
import { type NodeAddress, textOf } from '../node-address.ts'
import { withoutArguments } from '../redaction.ts'
import type { RedisClusterClient, RedisClusterConnection, RedisConnection, RedisNode } from '../redis-shapes.ts'
import { type ClusterClient, type ClusterView, LONGEST_LOOK_MS } from './cluster-client.ts'
import { type AskCredentials, askingFirst, type RedisCredentials, toldWithin } from './credentials.ts'
import { confirmLogin, safeSettings } from './ioredis.ts'
import { nameOfOurs } from './name-of-ours.ts'

/** A Cluster of `ioredis`, or of what was made from it. It is looked at by short-lived duplicates of your client. */
export class IoredisCluster implements ClusterClient {
  readonly keyPrefix: string
  readonly #client: RedisClusterClient
  readonly #replyTimeoutMs: number
  readonly #credentials: AskCredentials | undefined
  /** Clients of the masters, never connected: connections are duplicates of them. */
  #masters = new Map<string, RedisNode>()

  constructor(client: RedisClusterClient, replyTimeoutMs: number, credentials?: AskCredentials) {
    this.keyPrefix = client.options.keyPrefix ?? ''
    this.#client = client
    this.#replyTimeoutMs = replyTimeoutMs
    this.#credentials = credentials
  }

  reached(node: NodeAddress): NodeAddress {
    const { natMap } = this.#client.options
    const name = textOf(node)
    return (typeof natMap === 'function' ? natMap(name) : natMap?.[name]) ?? node
  }

  connectionTo({ host, port }: NodeAddress): RedisConnection {
    const [any] = this.#masters.values()
    const client = this.#masters.get(textOf({ host, port })) ?? any
    if (client === undefined) throw new Error('no node of the Cluster is known')
    const settings = { ...safeSettings(this.#replyTimeoutMs, this.#tls), host, port }
    return askingFirst(client.duplicate(settings), this.#credentials, this.#replyTimeoutMs)
  }

  prepare(redis: RedisConnection): Promise<unknown> {
    return confirmLogin(redis, this.#client.options.redisOptions ?? {})
  }

  async look(nodes: readonly NodeAddress[]): Promise<ClusterView> {
    const settings = this.#settings(this.#credentials && (await toldWithin(this.#credentials, this.#replyTimeoutMs)))
    const known = nodes.map((node) => ({ ...(this.#masters.get(textOf(node))?.options ?? node) }))
    const cluster = this.#client.duplicate(known, settings)
    let reason: Error | undefined
    let asked: RedisNode | undefined
    cluster.on('error', () => {})
    cluster.on('node error', (error) => {
      reason ??= error
    })
    cluster.on('+node', (node) => {
      asked ??= node
    })
    try {
      await cluster.connect()
      return this.#take(cluster)
    } catch (error) {
      const told = reason ?? error
      throw withoutArguments(
        (isOver(told) && asked && (await reasonAt(asked.duplicate(settings.redisOptions)))) || told,
      )
    } finally {
      cluster.disconnect()
    }
  }

  #take(cluster: RedisClusterConnection): ClusterView {
    const nodes = cluster.nodes('master')
    if (nodes.length === 0) throw new Error('the Cluster has no masters')
    this.#masters = new Map(nodes.map((node) => [textOf(node.options), node]))
    const masters = nodes.map(({ options: { host = '', port = 0 } }) => ({ host, port }))
    return { masters, slots: cluster.slots.map(([master]) => master) }
  }

  get #tls(): unknown {
    return this.#client.options.redisOptions?.tls
  }

  #settings(credentials: RedisCredentials | undefined) {
    const { slotsRefreshTimeout = LONGEST_LOOK_MS, redisOptions } = this.#client.options
    return {
      lazyConnect: true,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      enableAutoPipelining: false,
      shardedSubscribers: false,
      slotsRefreshInterval: undefined,
      slotsRefreshTimeout: Math.min(slotsRefreshTimeout, this.#replyTimeoutMs),
      clusterRetryStrategy: () => null,
      clusterNodeRetryStrategy: null,
      keyPrefix: '',
      // Older drivers put these in the place of yours.
      redisOptions: {
        ...redisOptions,
        ...nameOfOurs('connectionName', redisOptions?.connectionName),
        ...credentials,
        ...safeSettings(this.#replyTimeoutMs, this.#tls),
      },
    }
  }
}

/** Of connections that it makes for a look at the Cluster, the driver says that they were closed, and not why. Another one to the same node is told. */
async function reasonAt(redis: RedisConnection): Promise<Error | undefined> {
  let reason: Error | undefined
  redis.on('error', (error) => {
    reason ??= error
  })
  await redis.connect().catch(() => {})
  redis.disconnect()
  return reason
}
