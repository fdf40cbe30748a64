import type { ClusterClient, ClusterView } from '../clients/cluster-client.ts'
import { addressOf, type NodeAddress, textOf } from '../node-address.ts'
import type { RedisConnection } from '../redis-shapes.ts'

/** How long a map that may be wrong is put up with before it is read again. */
const DOUBT_PAUSE_MS = 250

/** Where a slot is. One that has moved, even to return, is another place. */
export interface Place extends NodeAddress {
  /** Of the node, as the key of a map. */
  readonly name: string
}

/** Which master serves which slot, as far as is known. Read where it is doubted, never by itself. */
export class SlotMap {
  readonly #client: ClusterClient
  #places: (Place | undefined)[] = []
  /** By name. */
  #masters = new Map<string, NodeAddress>()
  #reading: Promise<void> | undefined
  #readAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(client: ClusterClient) {
    this.#client = client
  }

  /** A slot that nobody is known to serve is asked for anywhere: any node knows more. */
  placeOf(slot: number): Place | undefined {
    return this.#places[slot] ?? this.anywhere()
  }

  anywhere(): Place | undefined {
    const known = this.masters
    return known[Math.floor(Math.random() * known.length)]
  }

  get masters(): Place[] {
    return [...this.#masters.values()].map(placeAt)
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
    return placeAt(this.#client.reached(to))
  }

  /** Places are known only after nodes are. */
  make(place: Place | undefined): RedisConnection {
    if (place === undefined) throw new Error('no node of the Cluster is known')
    return this.#client.connectionTo(place)
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
    const known = this.masters
    const others = silent === undefined ? [] : known.filter(({ name }) => name !== silent)
    try {
      await this.#readFrom(others)
    } catch (error) {
      if (known.length === 0) throw error
      await this.#readFrom(known)
    }
  }

  async #readFrom(nodes: readonly NodeAddress[]): Promise<void> {
    if (this.#closed) throw new Error('these locks were closed')
    this.#take(await this.#client.look(nodes))
  }

  #take({ masters, slots }: ClusterView): void {
    const fresh = new Map<string, Place>()
    this.#places = slots.map((name, slot) => this.#placed(slot, name, fresh))
    this.#masters = new Map(masters.map((master) => [textOf(master), master]))
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
}

const placeAt = ({ host, port }: NodeAddress): Place => ({ host, port, name: textOf({ host, port }) })
