import type { NodeAddress } from '../node-address.ts'
import { withoutArguments } from '../redaction.ts'
import type {
  NodeAddressMap,
  NodeRedisClient,
  NodeRedisClusterClient,
  NodeRedisOptions,
  RedisConnection,
} from '../redis-shapes.ts'
import { classifyRedisError } from '../refusals.ts'
import { askOnce } from './ask-once.ts'
import { type ClusterClient, type ClusterView, LONGEST_LOOK_MS } from './cluster-client.ts'
import { viewOf } from './cluster-slots.ts'
import { mapped } from './node-address-map.ts'
import { keyPrefixOf } from './node-redis.ts'
import { NodeRedisConnection } from './node-redis-connection.ts'

/** A Cluster of node-redis. It is asked by connections of ours: its own have no limit for a node that hangs. */
export class NodeRedisCluster implements ClusterClient {
  readonly keyPrefix: string
  readonly #replyTimeoutMs: number
  readonly #map: NodeAddressMap | undefined
  /** Of any node, never connected: connections are duplicates of it. */
  readonly #node: NodeRedisClient
  /** Of the nodes that your client was made with, never connected either. */
  readonly #roots: readonly NodeRedisClient[]

  constructor(client: NodeRedisClusterClient, replyTimeoutMs: number) {
    const { rootNodes, defaults = {}, nodeAddressMap } = client._options
    if (rootNodes.length === 0) throw new TypeError('client: a Cluster without rootNodes is nowhere')
    this.keyPrefix = keyPrefixOf({ options: client._options })
    this.#replyTimeoutMs = replyTimeoutMs
    this.#map = nodeAddressMap
    const any = neverConnected(client)
    this.#node = any.duplicate(optionsOf(defaults, {}))
    this.#roots = rootNodes.map((root) => any.duplicate(optionsOf(defaults, root)))
  }

  reached(node: NodeAddress): NodeAddress {
    return mapped(node, this.#map)
  }

  connectionTo(node: NodeAddress): RedisConnection {
    return new NodeRedisConnection(this.#node, this.#replyTimeoutMs, node)
  }

  /** Logging in is part of its connecting, which fails where that does. */
  async prepare(): Promise<void> {}

  async look(nodes: readonly NodeAddress[]): Promise<ClusterView> {
    const failures: unknown[] = []
    for (const { redis, place } of this.#connectionsTo(nodes)) {
      try {
        const slots = await askOnce(redis, this.#patienceMs, undefined, 'CLUSTER', 'SLOTS')
        return viewOf(slots, place, (node) => this.reached(node))
      } catch (error) {
        failures.push(error)
      }
    }
    // What a node says of whoever asks it tells more than that another one is away.
    throw withoutArguments(failures.find((error) => classifyRedisError(error) === 'refused') ?? failures[0])
  }

  get #patienceMs(): number {
    return Math.min(LONGEST_LOOK_MS, this.#replyTimeoutMs)
  }

  /** One after the other; which comes first is left to chance, so that not everybody asks the same. */
  *#connectionsTo(nodes: readonly NodeAddress[]): Iterable<{ redis: RedisConnection; place: NodeAddress }> {
    for (const place of shuffled(nodes))
      yield { place, redis: new NodeRedisConnection(this.#node, this.#patienceMs, place) }
    if (nodes.length > 0) return
    for (const root of shuffled(this.#roots)) {
      const { host = 'localhost', port = 6379 } = root.options?.socket ?? {}
      yield { place: { host, port }, redis: new NodeRedisConnection(root, this.#patienceMs) }
    }
  }
}

/** What is no signal, and no port: with it, a socket is not even made. */
const NOWHERE = { signal: 'nowhere', port: -1 }

/** A client of a node, as your Cluster makes them. The library connects whatever it makes: this one has nowhere to go. */
function neverConnected(cluster: NodeRedisClusterClient): NodeRedisClient {
  const apart = cluster.duplicate({
    defaults: { socket: { ...NOWHERE, reconnectStrategy: false } },
    nodeAddressMap: undefined,
    clientSideCache: undefined,
  })
  apart.on('error', () => {})
  const node: { host: string; port: number; address: string; client?: NodeRedisNode } = {
    host: '',
    port: NOWHERE.port,
    address: '',
  }
  apart.nodeClient(node as never).catch(() => {})
  const { client } = node
  if (client === undefined) throw new TypeError('client: createCluster() of this node-redis makes no clients of nodes')
  muffle(client)
  return client
}

/** The first versions of 5 print the error of a node. */
function muffle(client: NodeRedisNode): void {
  const toNobody = () => {}
  // First: of what a client inherits, the last listener cannot be taken away.
  client.on('error', toNobody)
  for (const listener of client.listeners('error')) if (listener !== toNobody) client.off('error', listener)
}

interface NodeRedisNode extends NodeRedisClient {
  listeners(event: 'error'): unknown[]
  on(event: 'error', listener: () => void): unknown
  off(event: 'error', listener: unknown): unknown
}

/** As the library puts them together. A way to log in that was made of a name and a password goes with these. */
const optionsOf = (defaults: NodeRedisOptions, root: NodeRedisOptions): Record<string, unknown> => ({
  credentialsProvider: undefined,
  ...defaults,
  ...root,
  socket: { ...defaults.socket, ...root.socket },
})

function shuffled<T>(all: readonly T[]): T[] {
  const ranked = all.map((each) => ({ each, rank: Math.random() }))
  return ranked.sort((one, other) => one.rank - other.rank).map(({ each }) => each)
}
