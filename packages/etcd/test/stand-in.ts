import { once } from 'node:events'
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Frames, frame } from '../src/client/frames.ts'
import type { ProtobufWriter } from '../src/client/protobuf-writer.ts'

/** A call as it came in. */
export interface Incoming {
  /** `KV/Txn` */
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly stream: ServerHttp2Stream
  /** What was sent so far, without frames. */
  readonly messages: readonly Buffer[]
}

export type Handler = (call: Incoming) => void

/** Stands in for an etcd, and says whatever it is told to say. */
export class StandIn {
  readonly #server: Http2Server
  readonly url: string
  readonly sessions: ServerHttp2Session[] = []
  readonly calls: Incoming[] = []
  /** When pings came. */
  readonly pings: number[] = []
  /** Called once for each message of a call. */
  onMessage: Handler = (call) => answer(call, [message()])

  private constructor(server: Http2Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('session', (session) => {
      this.sessions.push(session)
      session.on('ping', () => this.pings.push(performance.now()))
      session.on('error', () => {})
    })
    server.on('stream', (stream, headers) => this.#take(stream, headers))
  }

  static async start(port = 0, settings: Settings = {}): Promise<StandIn> {
    const server = createServer({ settings })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new StandIn(server)
  }

  /** Of one method. */
  callsOf(method: string): Incoming[] {
    return this.calls.filter((call) => call.method === method)
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const session of this.sessions) session.destroy()
    await closed
  }

  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const messages: Buffer[] = []
    const method = String(headers[':path']).replace('/etcdserverpb.', '')
    const call = { method, headers, stream, messages }
    const frames = new Frames(1024 * 1024)
    this.calls.push(call)
    stream.on('error', () => {})
    stream.on('data', (piece: Buffer) => {
      for (const each of frames.add(piece)) {
        messages.push(each)
        this.onMessage(call)
      }
    })
  }
}

/** A message of an answer, framed. */
export const message = (write: (to: ProtobufWriter) => void = () => {}): Buffer => frame(write)

const HEADERS = { ':status': 200, 'content-type': 'application/grpc' }

/** All of it, in good order. */
export function answer({ stream }: Incoming, frames: readonly Buffer[]): void {
  stream.respond(HEADERS, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.concat(frames))
}

/** Of a stream that stays open. */
export function tell({ stream }: Incoming, bytes: Buffer): void {
  if (!stream.headersSent) stream.respond(HEADERS)
  stream.write(bytes)
}

/** Without any message. */
export function refuse({ stream }: Incoming, status: number, why: string): void {
  const headers = { ...HEADERS, 'grpc-status': String(status), 'grpc-message': encodeURIComponent(why) }
  stream.respond(headers, { endStream: true })
}
