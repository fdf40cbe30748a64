import { Connection, type ConnectionOptions } from '../connection.ts'
import { assertWanted, type Script, type ScriptArgument, type Scripts, type Sending } from '../script.ts'
import { redirectionOf } from './redirection.ts'
import { slotOf } from './slot.ts'
import type { Place, SlotMap } from './slot-map.ts'

/** How often a script may be sent on. A slot on its way needs two. */
const MOST_REDIRECTIONS = 4

/** What the server itself answered, other than that it or the Cluster is out of order, does not question the map. */
const ANSWER = /^(?!CLUSTERDOWN|READONLY|MASTERDOWN|LOADING)[A-Z]+ /

/** Runs scripts where their keys are: one connection to each master. */
export class ClusterNodes implements Scripts {
  readonly #map: SlotMap
  readonly #options: Omit<ConnectionOptions, 'make'>
  readonly #connections = new Map<string, Connection>()
  #closed = false

  constructor(map: SlotMap, options: Omit<ConnectionOptions, 'make'>) {
    this.#map = map
    this.#options = options
  }

  run(script: Script, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown> {
    return this.#send(keys, (connection, asking) => connection.run(script, keys, args, { asking }))
  }

  grant(
    script: Script,
    keys: readonly string[],
    args: readonly ScriptArgument[],
    sending: Pick<Sending, 'isWanted'> = {},
  ): Promise<unknown> {
    const send = (connection: Connection, asking: boolean) =>
      connection.grant(script, keys, args, { ...sending, asking })
    return this.#send(keys, send, sending)
  }

  /** As the Cluster is now: a new master has sent nobody elsewhere yet. */
  async servers(): Promise<readonly Pick<Connection, 'ask'>[]> {
    await this.#map.read()
    return this.#map.masters.map((place) => this.#connectionTo(place))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#connections.values()].map((connection) => connection.close()))
  }

  async #send(
    keys: readonly string[],
    send: (connection: Connection, asking: boolean) => Promise<unknown>,
    sending: Sending = {},
  ): Promise<unknown> {
    const slot = slotOf(keys[0] ?? '')
    let place = this.#map.placeOf(slot) ?? (await this.#firstPlaceOf(slot))
    let asking = false
    for (let redirections = 0; ; redirections += 1) {
      try {
        return await send(this.#connectionTo(place), asking)
      } catch (error) {
        // A node that sends the caller elsewhere has done nothing: only that is followed.
        const redirection = redirectionOf(error, place)
        if (redirection === undefined || redirections === MOST_REDIRECTIONS) throw this.#doubted(error)
        asking = redirection.ask
        place = asking ? this.#map.reached(redirection.to) : this.#map.learn(slot, redirection.to)
        assertWanted(sending)
      }
    }
  }

  async #firstPlaceOf(slot: number): Promise<Place> {
    await this.#map.read()
    return this.#map.placeOf(slot) as Place
  }

  #connectionTo(place: Place): Connection {
    if (this.#closed) throw new Error('these locks were closed')
    const known = this.#connections.get(place.name)
    if (known !== undefined) return known
    this.#dropForgotten()
    const connection: Connection = new Connection({
      ...this.#options,
      make: () => this.#map.make(place),
      // A master that hangs says nothing of its successor.
      onSilence: () => void this.#map.isReplaced(place).then((isReplaced) => isReplaced && connection.leave()),
    })
    this.#connections.set(place.name, connection)
    return connection
  }

  /** Nodes come and go; what is under way at one that has gone is waited for. */
  #dropForgotten(): void {
    for (const [name, connection] of this.#connections) {
      if (this.#map.knows(name) || connection.isInUse) continue
      this.#connections.delete(name)
      void connection.close()
    }
  }

  #doubted(error: unknown): unknown {
    if (!(error instanceof Error && ANSWER.test(error.message))) this.#map.doubt()
    return error
  }
}
