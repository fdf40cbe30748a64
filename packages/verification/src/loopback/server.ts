import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { MemoryStore } from '@leasehold/core/memory'
import { onLine } from './lines.ts'
import { type Answered, type Asked, decode, encode } from './protocol.ts'

/** How to take each wait of one connection out of the line. */
type Waits = Map<number, () => void>

/** A lock server on the loopback interface: the memory store behind a socket, so that other processes and networks take part. */
export class LoopbackServer {
  #store = new MemoryStore()
  /** What was asked about keys that somebody stalls. */
  readonly #stalled = new Map<string, (() => void)[]>()
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0

  get port(): number {
    return this.#port
  }

  async start(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket))
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Stops listening and breaks every connection. Holds stay, and go on to expire. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  forgetAll(): void {
    this.#store.forgetAll()
  }

  /** Tokens of all keys are greater from now on. Nobody holds anything then. */
  raiseTokens(above: bigint): void {
    this.#store = new MemoryStore({ firstToken: above + 1n })
  }

  /** Keeps what is asked about this key waiting, until the function is called that it returns. */
  stall(key: string): () => void {
    const waiting: (() => void)[] = []
    this.#stalled.set(key, waiting)
    return () => {
      this.#stalled.delete(key)
      for (const goOn of waiting.splice(0)) goOn()
    }
  }

  /** Ends the connection that comes from this port of the client. */
  end(clientPort: number): void {
    for (const socket of this.#sockets) if (socket.remotePort === clientPort) socket.destroy()
  }

  #serve(socket: Socket): void {
    const waits: Waits = new Map()
    const answer = (message: Answered) => void (socket.destroyed || socket.write(encode(message)))
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#sockets.delete(socket)
      for (const leave of waits.values()) leave()
    })
    onLine(socket, (line) => this.#ask(decode(line) as Asked, waits, answer))
  }

  #ask(asked: Asked, waits: Waits, answer: (message: Answered) => void): void {
    if (asked.op === 'leave') waits.get(asked.waitId)?.()
    const work = () => {
      if (asked.op === 'wait') this.#wait(asked, waits, answer)
      else answer({ id: asked.id, answer: this.#answer(asked) })
    }
    const stalled = keysOf(asked).map((key) => this.#stalled.get(key))
    const waiting = stalled.find((each) => each !== undefined)
    if (waiting === undefined) work()
    else waiting.push(work)
  }

  #wait({ id, candidate }: Asked & { op: 'wait' }, waits: Waits, answer: (message: Answered) => void): void {
    waits.set(id, () => {})
    const leave = this.#store.wait(candidate, candidate, () => {
      waits.delete(id)
      answer({ id, answer: null })
    })
    // The turn may have come already.
    if (waits.has(id)) waits.set(id, leave)
  }

  #answer(asked: Asked): unknown {
    switch (asked.op) {
      case 'tryAcquire':
        return this.#store.tryAcquire(asked.candidate, asked.candidate)
      case 'renew':
        return asked.renewals.map((claim) => this.#store.renew(claim, claim.ttlMs, claim.fencingToken))
      case 'release':
        return asked.claims.map((claim) => this.#store.release(claim))
      case 'inspect':
        return this.#store.inspect(asked.key)
      default:
        return null
    }
  }
}

function keysOf(asked: Asked): string[] {
  if (asked.op === 'renew') return asked.renewals.map(({ key }) => key)
  if (asked.op === 'tryAcquire' || asked.op === 'wait') return [asked.candidate.key]
  if (asked.op === 'release') return asked.claims.map(({ key }) => key)
  return []
}
