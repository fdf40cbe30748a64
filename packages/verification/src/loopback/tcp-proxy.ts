import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { HarmfulLink } from '../conformance/links.ts'

type Direction = 'requests' | 'replies'

/** A TCP proxy that can delay, swallow, forget and cut what passes through it. */
export class TcpProxy implements HarmfulLink {
  readonly #server = createServer((client) => this.#join(client))
  readonly #targetPort: number
  readonly #sockets = new Set<Socket>()
  readonly #swallowed = new Set<Direction>()
  readonly #forgotten = new WeakSet<Socket>()
  #delayMs = 0

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server.listen(0, '127.0.0.1').unref()
  }

  /** Known when it listens. */
  async port(): Promise<number> {
    if (!this.#server.listening) await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  swallow(direction: Direction): void {
    this.#swallowed.add(direction)
  }

  forget(): void {
    for (const socket of this.#sockets) this.#forgotten.add(socket)
  }

  delay(ms: number): void {
    this.#delayMs = ms
  }

  /** What was swallowed stays lost, as it would on a broken connection: those that lost something are cut. */
  heal(): void {
    this.#delayMs = 0
    if (this.#swallowed.size > 0) this.cut()
    this.#swallowed.clear()
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true })
    this.#pipe(client, server, 'requests')
    this.#pipe(server, client, 'replies')
  }

  #pipe(from: Socket, to: Socket, direction: Direction): void {
    this.#sockets.add(from)
    from.setNoDelay(true)
    from.on('error', () => from.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    from.on('data', (chunk) => {
      if (!this.#swallowed.has(direction) && !this.#forgotten.has(from)) this.#forward(to, chunk)
    })
  }

  /** Equal delays keep the order. */
  #forward(to: Socket, chunk: Buffer): void {
    if (this.#delayMs === 0) to.write(chunk)
    else setTimeout(() => to.destroyed || to.write(chunk), this.#delayMs)
  }
}
