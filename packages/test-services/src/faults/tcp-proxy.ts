import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type Direction, ProxiedConnection, type Target, type Weathers } from './proxied-connection.ts'
import { clear, fineWeather } from './weather.ts'

const directions: readonly Direction[] = ['requests', 'replies']

/**
 * Stands between clients and a server and does harm on demand. Faults are of a direction, hold for all connections, those
 * to come as well, and last until `heal`. It has the shape of the conformance suite's `Link`.
 */
export class TcpProxy {
  readonly host = '127.0.0.1'
  readonly #target: Target
  readonly #listener: Server
  readonly #weathers: Weathers = { requests: fineWeather(), replies: fineWeather() }
  readonly #connections = new Set<ProxiedConnection>()

  private constructor(target: Target) {
    this.#target = { host: target.host, port: target.port }
    this.#listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#connect(client))
  }

  static async open(target: Target): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    proxy.#listener.listen(0, proxy.host)
    await once(proxy.#listener, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  /** The server's URL, by way of this proxy. */
  through(url: string): string {
    const detour = new URL(url)
    detour.host = `${this.host}:${this.port}`
    return detour.href
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  /** How much was swallowed so far: a test that waits for this to grow knows that the request, or the reply, was sent. */
  lostBytes(direction: Direction): number {
    return this.#weathers[direction].lostBytes
  }

  /** Everything takes this much longer; by default both ways. */
  delay(ms: number, direction?: Direction): void {
    for (const each of direction === undefined ? directions : [direction]) this.#weathers[each].delayMs = ms
  }

  /** A black hole: connections stay open, and nothing comes through, not even their end. Lost for good: `heal` cuts them. */
  swallow(direction: Direction): void {
    this.#weathers[direction].swallows = true
  }

  /** An outage that TCP gets over: what is sent meanwhile arrives on `heal`. */
  hold(direction: Direction): void {
    this.#weathers[direction].holds = true
  }

  /** Lets so many more bytes pass, then cuts the connection they came on: once. Resolves when it did. */
  cutAfter(bytes: number, direction: Direction): Promise<void> {
    return new Promise((resolve) => {
      this.#weathers[direction].cut = { bytesLeft: bytes, happened: resolve }
    })
  }

  /** Breaks all connections now. New ones work. */
  cut(): void {
    for (const connection of this.#connections) connection.cut()
  }

  /** As what stands between forgets silent connections, and tells nobody: those that are open now say nothing any more. New ones work. */
  forget(): void {
    for (const connection of this.#connections) connection.forget()
  }

  /** A way that has become slow: on connections that are open now everything waits until `heal`, and arrives then, also where its sender has gone. New ones work. */
  detain(): void {
    for (const connection of this.#connections) connection.detain()
  }

  heal(): void {
    for (const direction of directions) clear(this.#weathers[direction])
    for (const connection of this.#connections) connection.heal()
  }

  async close(): Promise<void> {
    const closed = once(this.#listener, 'close')
    this.#listener.close()
    this.cut()
    await closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #connect(client: Socket): void {
    const connection = new ProxiedConnection(client, this.#target, this.#weathers)
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
  }
}
