import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from 'node:http'
import { closeServer, listen } from '../http/listen.ts'
import type { Served } from '../http/serve.ts'
import type { Fleet } from './fleet.ts'
import type { NodeProcess } from './node-process.ts'

const MAX_BODY_BYTES = 64 * 1024
const LOOK_MS = 250
const LIVE = '/api/live'
const ATTEMPTS = 3
const NODE_LOST = 'The server that worked on this was lost on the way. See what became of it before you try again.'
/** They speak of one connection, and there are two. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']

/** Takes a request to itself (true), or leaves it to the servers. */
export type OwnPages = (request: IncomingMessage, response: ServerResponse) => boolean

/** `unsent`: it never reached the server. `unknown`: it may have. */
type Outcome = 'served' | 'unsent' | 'unknown'

interface UnderWay {
  readonly node: NodeProcess
  /** The server has gone silent. */
  giveUp(): void
}

/**
 * One address for all servers of a fleet. Looking is tried again at another server where one is gone or silent; a change is not, since it may
 * have taken effect.
 */
export class FrontDoor implements Served {
  readonly #fleet: Fleet
  readonly #server: Server
  readonly #underWay = new Set<UnderWay>()
  readonly #watch: NodeJS.Timeout
  #address = ''

  private constructor(fleet: Fleet, own: OwnPages) {
    this.#fleet = fleet
    this.#server = createServer((request, response) => own(request, response) || void this.#serve(request, response))
    this.#watch = setInterval(() => this.#giveUpOnTheSilent(), LOOK_MS)
  }

  static async open(fleet: Fleet, port: number, orAnyPort: boolean, own: OwnPages = () => false): Promise<FrontDoor> {
    const door = new FrontDoor(fleet, own)
    door.#address = await listen(door.#server, port, orAnyPort)
    return door
  }

  get address(): string {
    return this.#address
  }

  async close(): Promise<void> {
    clearInterval(this.#watch)
    await closeServer(this.#server)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request).catch(() => undefined)
    if (body === undefined) return refuse(response, 413, 'too-large', 'This request is too large.')
    const isLook = request.method === 'GET' || request.method === 'HEAD'
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const outcome = await this.#attempt(request, body, response, isLook)
      if (outcome === 'served' || response.destroyed) return
      if (outcome === 'nobody-there') break
      if (outcome === 'unknown' && !isLook) return refuse(response, 502, 'node-lost', NODE_LOST)
    }
    refuse(response, 503, 'no-node', 'No server is there at the moment. Nothing is lost: try again.')
  }

  async #attempt(
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    isLook: boolean,
  ): Promise<Outcome | 'nobody-there'> {
    const node = this.#fleet.pick()
    if (node === undefined) return 'nobody-there'
    const forward = () => this.#forward(node, request, body, response, isLook)
    // A live seat map never ends, and is no work.
    return request.url === LIVE ? forward() : this.#fleet.track(node, forward)
  }

  #forward(
    node: NodeProcess,
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    isLook: boolean,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const { method, url: path } = request
      // A connection of its own: where it is refused, nothing was sent.
      const upstream = send(node.address, { method, path, headers: passOn(request.headers), agent: false })
      const entry: UnderWay = {
        node,
        giveUp: () => (response.headersSent || isLook ? upstream.destroy(new Error('silent')) : undefined),
      }
      this.#underWay.add(entry)
      const settle = (outcome: Outcome): void => {
        this.#underWay.delete(entry)
        resolve(outcome)
      }
      upstream.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, { ...passOn(answer.headers), 'x-node': node.name })
        response.flushHeaders()
        answer.pipe(response)
        answer.on('close', () => {
          // Cut short: whoever reads a live seat map comes back by himself.
          if (!answer.complete) response.destroy()
          settle('served')
        })
      })
      upstream.on('error', (error: NodeJS.ErrnoException) => {
        if (response.headersSent) response.destroy()
        settle(response.headersSent ? 'served' : error.code === 'ECONNREFUSED' ? 'unsent' : 'unknown')
      })
      response.on('close', () => upstream.destroy())
      upstream.end(body)
    })
  }

  #giveUpOnTheSilent(): void {
    const well = this.#fleet.well()
    for (const entry of this.#underWay) if (!well.includes(entry.node)) entry.giveUp()
  }
}

const passOn = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)))

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  if (bytes > MAX_BODY_BYTES) throw new RangeError('too large')
  return Buffer.concat(chunks)
}

function refuse(response: ServerResponse, status: number, error: string, message: string): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error, message }))
}
