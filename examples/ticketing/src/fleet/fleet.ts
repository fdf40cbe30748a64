import { setTimeout as pause } from 'node:timers/promises'
import type { Books } from '../back-office/books.ts'
import type { NodeTerms } from '../node/node-terms.ts'
import { NodeProcess } from './node-process.ts'

export interface FleetOptions {
  readonly count: number
}

/** Resolves when a checkout that is about to sell these seats has stood still for long enough. */
type StandsUntil = (seats: readonly string[]) => Promise<unknown>

const START_AGAIN_MS = 1000

/** Several servers of one box office. Whichever dies is replaced by a new one of the same name. */
export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions
  readonly #nodes = new Map<string, NodeProcess>()
  readonly #busy = new Map<string, number>()
  #terms: Omit<NodeTerms, 'name'> | undefined
  #standsUntil: StandsUntil = async () => {}
  #closing = false
  #turn = 0
  readonly #thaws: { readonly node: string; readonly at: number }[] = []
  #freezing = Promise.resolve()

  private constructor(options: FleetOptions) {
    this.#options = options
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options)
    const names = Array.from({ length: options.count }, (_, index) => `node-${index + 1}`)
    await Promise.all(names.map((name) => fleet.#start(name)))
    return fleet
  }

  get nodes(): readonly NodeProcess[] {
    return [...this.#nodes.values()].toSorted((a, b) => a.name.localeCompare(b.name))
  }

  /** Opens every server for one sale. A checkout that freezes stands still for as long as the sale says, or until `standsUntil` resolves. */
  async open(
    terms: Omit<NodeTerms, 'name'>,
    standsUntil: StandsUntil = () => pause(terms.sale.freezeMs),
  ): Promise<void> {
    this.#terms = terms
    this.#standsUntil = standsUntil
    await Promise.all(this.nodes.map((node) => node.open({ ...terms, name: node.name })))
  }

  /** When no hold runs any more. */
  readBooks(): Promise<Books> {
    const [first] = this.well()
    if (first === undefined) throw new Error('No server is there.')
    return first.readBooks()
  }

  /** Ends the sale; the processes are kept for the next one. */
  async close(): Promise<void> {
    this.#terms = undefined
    await Promise.all(this.nodes.map((node) => node.close()))
  }

  /**
   * A server for the next request: of those that are well, one with the fewest requests under way, in turn. Undefined: none is open. So a frozen
   * server is soon sent nobody, and the requests of one customer reach different ones.
   */
  pick(): NodeProcess | undefined {
    const well = this.well()
    const fewest = Math.min(...well.map((node) => this.#busyOf(node)))
    const idle = well.filter((node) => this.#busyOf(node) === fewest)
    return idle[this.#turn++ % idle.length]
  }

  /** Where all have been silent, it was this process that did not listen. */
  well(): readonly NodeProcess[] {
    const well = this.nodes.filter((node) => node.isWell)
    return well.length > 0 ? well : this.nodes.filter((node) => node.isOpen)
  }

  /** Counts a request as under way until it settles. */
  async track<T>(node: NodeProcess, request: () => Promise<T>): Promise<T> {
    this.#busy.set(node.name, this.#busyOf(node) + 1)
    try {
      return await request()
    } finally {
      this.#busy.set(node.name, this.#busyOf(node) - 1)
    }
  }

  /** Whether this server stood still at any time since then. */
  wasFrozen(name: string | undefined, since: number): boolean {
    return this.#thaws.some((thaw) => thaw.node === name && thaw.at >= since)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true
    await Promise.all(this.nodes.map((node) => node.kill()))
  }

  #busyOf({ name }: NodeProcess): number {
    return this.#busy.get(name) ?? 0
  }

  async #start(name: string): Promise<void> {
    const node = await NodeProcess.start(name, (sender, news) => {
      if (news.type === 'standing') void this.#freeze(sender, news.standing, news.seats)
    })
    try {
      if (this.#terms !== undefined) await node.open({ ...this.#terms, name })
      this.#nodes.set(name, node)
      if (this.#closing) await node.kill()
    } catch (error) {
      await node.kill()
      throw error
    }
    void node.exited.then(() => this.#replace(name))
  }

  /** Until one is there: what it needs may be away, too. */
  async #replace(name: string): Promise<void> {
    while (!this.#closing) {
      try {
        return await this.#start(name)
      } catch (error) {
        console.error(`${name} could not be started, and will be tried again: ${String(error)}`)
        await pause(START_AGAIN_MS, undefined, { ref: false })
      }
    }
  }

  /** The checkout has looked and not yet written. Its whole process stands still now, and does not know. One at a time: the others sell. */
  async #freeze(node: NodeProcess, standing: number, seats: readonly string[]): Promise<void> {
    const standsUntil = this.#standsUntil
    // Where there is one server alone, somebody has to go on selling: the checkout alone stands still.
    if (this.#options.count === 1) {
      await standsUntil(seats)
    } else {
      this.#freezing = this.#freezing.then(() => node.freezeUntil(standsUntil(seats)))
      await this.#freezing
      this.#thaws.push({ node: node.name, at: performance.now() })
    }
    node.goOn(standing)
  }
}
