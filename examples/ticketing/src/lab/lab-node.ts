import { NodeProcess } from '../fleet/node-process.ts'
import type { LockAddress } from '../locks/lock-address.ts'
import type { NodeNews } from '../node/messages.ts'
import type { NodeTerms } from '../node/node-terms.ts'
import type { NodeName } from './fact.ts'
import { LockRoute } from './lock-route.ts'

type OnNews = (node: LabNode, news: NodeNews) => void

/** A server of the box office, in a process of its own and with a line of its own to the lock server, to which harm can be done. */
export class LabNode implements AsyncDisposable {
  readonly name: NodeName
  readonly route: LockRoute
  readonly #onNews: OnNews
  #process: NodeProcess | undefined

  private constructor(name: NodeName, route: LockRoute, onNews: OnNews) {
    this.name = name
    this.route = route
    this.#onNews = onNews
  }

  static async start(name: NodeName, locks: LockAddress, onNews: OnNews): Promise<LabNode> {
    const node = new LabNode(name, await LockRoute.open(locks), onNews)
    await node.restart()
    return node
  }

  /** Where it listens for customers. */
  get address(): string {
    return this.#alive.address
  }

  async restart(): Promise<void> {
    this.#process = await NodeProcess.start(this.name, (_process, news) => this.#onNews(this, news))
  }

  open(terms: Pick<NodeTerms, 'database' | 'sale'>): Promise<void> {
    const { name, route } = this
    return this.#alive.open({ ...terms, name, locks: route.address, tellsOfLeases: true })
  }

  close(): Promise<void> {
    return this.#alive.close()
  }

  /** SIGSTOP now, SIGCONT when `thaw` settles. */
  freezeUntil(thaw: Promise<unknown>): Promise<void> {
    return this.#alive.freezeUntil(thaw)
  }

  goOn(standing: number): void {
    this.#alive.goOn(standing)
  }

  setClock(offsetMs: number): void {
    this.#alive.setClock(offsetMs)
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.route[Symbol.asyncDispose]()
  }

  get #alive(): NodeProcess {
    if (this.#process === undefined) throw new Error(`${this.name} has not started.`)
    return this.#process
  }
}
