import { ChildProgram } from '@leasehold/test-services'
import type { Books } from '../back-office/books.ts'
import type { NodeAnswer, NodeMessage, NodeNews, NodeOrder } from '../node/messages.ts'
import type { NodeTerms } from '../node/node-terms.ts'
import { serverProgram } from './server-program.ts'

/** A server that has said nothing for so long is frozen, or too busy to be sent anybody. */
const SILENCE_MS = 1000

type Answer<T extends NodeAnswer['type']> = Extract<NodeAnswer, { type: T }>

/** A server of the box office in a process of its own. */
export class NodeProcess implements AsyncDisposable {
  readonly name: string
  readonly #child: ChildProgram
  readonly #onNews: (news: NodeNews) => void
  #answer: ((answer: NodeAnswer) => void) | undefined
  #heardAt = performance.now()
  #address = ''
  #freezes = 0
  #gone = false

  private constructor(name: string, program: string, onNews: (news: NodeNews) => void) {
    this.name = name
    this.#onNews = onNews
    this.#child = new ChildProgram({ path: program, execArgv: ['--enable-source-maps'] })
    this.#child.onMessage((message) => this.#hear(message as NodeMessage))
    void this.#child.exited.then(() => this.#end())
  }

  static async start(name: string, onNews: (node: NodeProcess, news: NodeNews) => void): Promise<NodeProcess> {
    const node: NodeProcess = new NodeProcess(name, await serverProgram(), (news) => onNews(node, news))
    await node.#expect('started')
    return node
  }

  get exited(): Promise<void> {
    return this.#child.exited
  }

  /** Where it listens; empty until it is open. */
  get address(): string {
    return this.#address
  }

  get isFrozen(): boolean {
    return this.#freezes > 0
  }

  get isOpen(): boolean {
    return !this.#gone && this.#address !== ''
  }

  /** As a load balancer sees it: from outside, and only after a while. */
  get isWell(): boolean {
    return this.isOpen && performance.now() - this.#heardAt < SILENCE_MS
  }

  async open(terms: NodeTerms): Promise<void> {
    this.#address = (await this.#ask({ type: 'open', terms }, 'opened')).address
  }

  /** When no hold runs any more. */
  async readBooks(): Promise<Books> {
    return (await this.#ask({ type: 'read-books' }, 'books')).books
  }

  /** One that has died is closed. */
  async close(): Promise<void> {
    this.#address = ''
    if (this.#gone) return
    await this.#ask({ type: 'close' }, 'closed')
  }

  /** Stops the whole process where it is, for so long. It is not asked. */
  freeze(ms: number): Promise<void> {
    return this.freezeUntil(new Promise((resolve) => setTimeout(resolve, ms)))
  }

  async freezeUntil(thaw: Promise<unknown>): Promise<void> {
    if (this.#freezes++ === 0) this.#child.freeze()
    try {
      await thaw
    } finally {
      if (--this.#freezes === 0) this.#child.thaw()
    }
  }

  goOn(standing: number): void {
    if (!this.#gone) this.#child.send({ type: 'go-on', standing } satisfies NodeOrder)
  }

  /** The wall clock of this process alone, so far ahead of the true time. */
  setClock(offsetMs: number): void {
    if (!this.#gone) this.#child.send({ type: 'set-clock', offsetMs } satisfies NodeOrder)
  }

  kill(): Promise<void> {
    return this.#child.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }

  #ask<T extends NodeAnswer['type']>(order: NodeOrder, type: T): Promise<Answer<T>> {
    const answer = this.#expect(type)
    if (!this.#gone) this.#child.send(order)
    return answer
  }

  async #expect<T extends NodeAnswer['type']>(type: T): Promise<Answer<T>> {
    const answer = await new Promise<NodeAnswer>((resolve) => {
      this.#answer = resolve
      if (this.#gone) this.#end()
    })
    if (answer.type === type) return answer as Answer<T>
    throw new Error(`${this.name} failed: ${JSON.stringify(answer)}`)
  }

  #hear(message: NodeMessage): void {
    this.#heardAt = performance.now()
    if (isNews(message)) this.#onNews(message)
    else this.#answer?.(message)
  }

  #end(): void {
    this.#gone = true
    this.#answer?.({ type: 'failed', error: 'The process has ended.' })
  }
}

const NEWS: ReadonlySet<NodeMessage['type']> = new Set<NodeNews['type']>([
  'pulse',
  'standing',
  'lock-event',
  'validity',
])

const isNews = (message: NodeMessage): message is NodeNews => NEWS.has(message.type)
