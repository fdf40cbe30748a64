import { type AskCredentials, askingFirst, type RedisCredentials, toldWithin } from '../clients/credentials.ts'
import { safeSettings } from '../clients/ioredis.ts'
import { nameOfOurs } from '../clients/name-of-ours.ts'
import { isOver } from '../connection-errors.ts'
import { withoutArguments } from '../redaction.ts'
import type { RedisClusterClient, RedisClusterConnection, RedisConnection, RedisNode } from '../redis-shapes.ts'
import { addressOf, type NodeAddress, textOf } from './node-address.ts'

/** How long a map that may be wrong is put up with before it is read again. */
const DOUBT_PAUSE_MS = 250

/** How long one node may take to say who serves what, before another is asked: where your client has no limit of its own, sooner than the engine gives up on its request. */
const LONGEST_ANSWER_MS = 1000

/** Where a slot is. One that has moved, even to return, is another place. */
export interface Place extends NodeAddress {
  /** Of the node, as the key of a map. */
  readonly name: string
}

/** Which master serves which slot, as far as is known. Read by short-lived duplicates of your client, never by itself. */
export class SlotMap {
  readonly #client: RedisClusterClient
  readonly #replyTimeoutMs: number
  readonly #credentials: AskCredentials | undefined
  #places: (Place | undefined)[] = []
  /** Clients of the masters, never connected: connections are duplicates of them. */
  #masters = new Map<string, RedisNode>()
  #reading: Promise<void> | undefined
  #readAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(client: RedisClusterClient, replyTimeoutMs: number, credentials?: AskCredentials) {
    this.#client = client
    this.#replyTimeoutMs = replyTimeoutMs
    this.#credentials = credentials
  }

  /** A slot that nobody is known to serve is asked for anywhere: any node knows more. */
  placeOf(slot: number): Place | undefined {
    return this.#places[slot] ?? this.anywhere()
  }

  anywhere(): Place | undefined {
    const names = [...this.#masters.keys()]
    const name = names[Math.floor(Math.random() * names.length)]
    return name === undefined ? undefined : placeAt(addressOf(name))
  }

  get #tls(): unknown {
    return this.#client.options.redisOptions?.tls
  }

  get masters(): Place[] {
    return [...this.#masters.keys()].map((name) => placeAt(addressOf(name)))
  }

  knows(name: string): boolean {
    return this.#masters.has(name)
  }

  /** A node said where the slot is. */
  learn(slot: number, to: NodeAddress): Place {
    const place = this.reached(to)
    this.#places[slot] = place
    return place
  }

  /** How the node is reached from here that calls itself so. */
  reached(to: NodeAddress): Place {
    const { natMap } = this.#client.options
    const name = textOf(to)
    return placeAt((typeof natMap === 'function' ? natMap(name) : natMap?.[name]) ?? to)
  }

  /** Places are known only after nodes are. */
  make(place: Place | undefined): RedisConnection {
    const [any] = this.#masters.values()
    const client = this.#masters.get(place?.name ?? '') ?? any
    if (client === undefined || place === undefined) throw new Error('no node of the Cluster is known')
    const settings = { ...safeSettings(this.#replyTimeoutMs, this.#tls), host: place.host, port: place.port }
    return askingFirst(client.duplicate(settings), this.#credentials, this.#replyTimeoutMs)
  }

  /** `silent`: a node that is not asked, as long as others can be. */
  read(silent?: string): Promise<void> {
    this.#reading ??= this.#readAnew(silent).finally(() => {
      this.#reading = undefined
      this.#readAt = performance.now()
    })
    return this.#reading
  }

  /** What has just happened makes the map doubtful. It is used until there is a newer one. */
  doubt(): void {
    if (performance.now() - this.#readAt > DOUBT_PAUSE_MS) this.read().catch(() => {})
  }

  /** A node that says nothing: whether another has taken over from it, as far as the others know by now. */
  async isReplaced({ name }: Place): Promise<boolean> {
    await this.read(name).catch(() => {})
    return !this.knows(name)
  }

  close(): void {
    this.#closed = true
  }

  /** From the nodes that the client was made with; where none of them answers any more, from those that came later. Where one is silent, from the others. */
  async #readAnew(silent: string | undefined): Promise<void> {
    const known = [...this.#masters.values()].map(({ options }) => ({ ...options }))
    const others = silent === undefined ? [] : known.filter((node) => textOf(node) !== silent)
    try {
      await this.#readFrom(others)
    } catch (error) {
      if (known.length === 0) throw error
      await this.#readFrom(known)
    }
  }

  async #readFrom(nodes: object[]): Promise<void> {
    if (this.#closed) throw new Error('these locks were closed')
    const settings = this.#settings(this.#credentials && (await toldWithin(this.#credentials, this.#replyTimeoutMs)))
    const cluster = this.#client.duplicate(nodes, settings)
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
      this.#take(cluster)
    } catch (error) {
      const told = reason ?? error
      throw withoutArguments(
        (isOver(told) && asked && (await reasonAt(asked.duplicate(settings.redisOptions)))) || told,
      )
    } finally {
      cluster.disconnect()
    }
  }

  #take(cluster: RedisClusterConnection): void {
    const masters = cluster.nodes('master').map((node) => [textOf(node.options), node] as const)
    if (masters.length === 0) throw new Error('the Cluster has no masters')
    const fresh = new Map<string, Place>()
    this.#places = cluster.slots.map((names, slot) => this.#placed(slot, names[0], fresh))
    this.#masters = new Map(masters)
  }

  /** Slots that came to a node in the same reading share one place: there are sixteen thousand of them, and a few nodes. */
  #placed(slot: number, name: string | undefined, fresh: Map<string, Place>): Place | undefined {
    if (name === undefined) return undefined
    const known = this.#places[slot]
    if (known?.name === name) return known
    const place = fresh.get(name) ?? placeAt(addressOf(name))
    fresh.set(name, place)
    return place
  }

  #settings(credentials: RedisCredentials | undefined) {
    const { slotsRefreshTimeout = LONGEST_ANSWER_MS, redisOptions } = this.#client.options
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

const placeAt = ({ host, port }: NodeAddress): Place => ({ host, port, name: textOf({ host, port }) })

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
