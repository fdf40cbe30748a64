import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onLine } from './lines.ts'
import { type Answered, decode, encode, type Question } from './protocol.ts'

interface Pending {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

/** Silent for longer, and with nothing under way, it may have been forgotten by what stands between. */
const STALE_MS = 10_000

/** One connection to the server, made when first needed, and made anew after it broke. Nothing is ever sent twice. */
export class Connection {
  readonly #port: number
  readonly #pending = new Map<number, Pending>()
  #socket: Promise<Socket> | undefined
  #lastId = 0
  #heardAtMs = performance.now()

  constructor(port: number) {
    this.#port = port
  }

  /** What tells the server's end of this connection from others. */
  async localPort(): Promise<number> {
    return (await this.#open()).localPort ?? 0
  }

  ask(question: Question): { readonly id: number; readonly answer: Promise<unknown> } {
    this.#lastId += 1
    const id = this.#lastId
    return { id, answer: this.#send(id, question) }
  }

  async close(): Promise<void> {
    const socket = await this.#socket?.catch(() => undefined)
    if (socket === undefined || socket.destroyed) return
    socket.destroy()
    await once(socket, 'close')
  }

  async #send(id: number, question: Question): Promise<unknown> {
    const socket = await this.#open()
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      socket.write(encode({ ...question, id }))
    })
  }

  async #open(): Promise<Socket> {
    if (this.#pending.size === 0 && performance.now() - this.#heardAtMs > STALE_MS) await this.close()
    this.#socket ??= this.#connect()
    return this.#socket
  }

  async #connect(): Promise<Socket> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    try {
      await once(socket, 'connect')
    } catch (error) {
      this.#socket = undefined
      throw error
    }
    // Whoever waits for an answer keeps the process alive by a wait of its own, if at all.
    socket.unref()
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#broken())
    onLine(socket, (line) => this.#settle(decode(line) as Answered))
    return socket
  }

  #settle({ id, answer }: Answered): void {
    this.#heardAtMs = performance.now()
    this.#pending.get(id)?.resolve(answer)
    this.#pending.delete(id)
  }

  /** Whether the server did what was asked is not known. */
  #broken(): void {
    this.#socket = undefined
    for (const { reject } of this.#pending.values()) reject(new Error('the connection broke'))
    this.#pending.clear()
  }
}
