import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { EtcdError } from '../errors.ts'
import { afterUnlessRead } from '../unless-read.ts'
import { Frames, TooLargeError } from './frames.ts'
import type { Http2Connection } from './http2-connection.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { errorOf, notSent, type Status, statusIn, statusOfStranger, unavailable } from './status.ts'

const OK = 0

export interface CallTerms<T> {
  readonly headers: OutgoingHttpHeaders
  readonly maxAnswerBytes: number
  /** By when it must have ended; undefined: it may go on for good, and the connection is pinged while it does. */
  readonly deadlineMs: number | undefined
  /** Throws a `MalformedError` where an answer is none. */
  read(from: ProtobufReader): T
  onAnswer(answer: T): void
  /** Once. `undefined`: in good order. */
  onEnd(error: EtcdError | undefined): void
}

/** One call of gRPC: a stream of HTTP/2 with messages in both directions, and a status at its end. */
export class Call<T> {
  readonly #connection: Http2Connection
  readonly #terms: CallTerms<T>
  readonly #frames: Frames
  readonly #stream: ClientHttp2Stream
  readonly #release: () => void
  #isOver = false
  #streamError: Error | undefined

  /** Throws where the connection has just broken. */
  constructor(connection: Http2Connection, terms: CallTerms<T>) {
    this.#connection = connection
    this.#terms = terms
    this.#frames = new Frames(terms.maxAnswerBytes)
    this.#stream = connection.request(terms.headers)
    this.#release = this.#limit(terms.deadlineMs)
    this.#stream.on('response', (headers) => this.#responded(headers))
    this.#stream.on('data', (piece: Buffer) => this.#take(piece))
    this.#stream.on('trailers', (headers) => this.#endAs(statusIn(headers)))
    this.#stream.on('error', (error: Error) => {
      this.#streamError = error
    })
    this.#stream.on('close', () => this.#end(this.#closed()))
  }

  send(frame: Buffer): void {
    if (!this.#isOver) this.#stream.write(frame)
  }

  /** There is nothing more to send. */
  finish(frame: Buffer): void {
    this.#stream.end(frame)
  }

  cancel(): void {
    this.#abandon(unavailable('the call was cancelled'))
  }

  /** An answer to what was sent then is overdue. */
  suspect(sentAtMs: number): void {
    if (!this.#isOver) this.#connection.suspect(sentAtMs)
  }

  /** Returns what ends that. */
  #limit(deadlineMs: number | undefined): () => void {
    if (deadlineMs === undefined) return this.#connection.listen()
    const sentAtMs = performance.now()
    return afterUnlessRead(deadlineMs, () => {
      // It would be sent yet, if the connection came about.
      if (this.#stream.pending) return this.#connection.break(`no connection within ${deadlineMs} ms`)
      this.#abandon(new EtcdError('DEADLINE_EXCEEDED', `no answer within ${deadlineMs} ms`))
      this.#connection.suspect(sentAtMs)
    })
  }

  #responded(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    this.#connection.heard()
    const status = statusIn(headers)
    const stranger = status === undefined ? statusOfStranger(headers) : undefined
    if (stranger !== undefined) this.#abandon(errorOf(stranger))
    else if (status !== undefined) this.#endAs(status)
  }

  #take(piece: Buffer): void {
    this.#connection.heard()
    for (const answer of this.#answersIn(piece)) {
      if (this.#isOver) return
      this.#terms.onAnswer(answer)
    }
  }

  /** What cannot be read ends the call; and where it is no answer at all, nothing else is believed that comes from there. */
  *#answersIn(piece: Buffer): Generator<T> {
    try {
      for (const message of this.#frames.add(piece)) yield this.#terms.read(new ProtobufReader(message))
    } catch (error) {
      const { message } = error as Error
      this.#abandon(unavailable(message))
      if (!(error instanceof TooLargeError)) this.#connection.break(`etcd's answer is malformed: ${message}`)
    }
  }

  #endAs(status: Status | undefined): void {
    if (status === undefined) this.#end(unavailable('the call ended without a status'))
    else this.#end(status.code === OK ? undefined : errorOf(status))
  }

  /** Without a status. */
  #closed(): EtcdError {
    const { cause, message = 'the stream was closed' } = this.#streamError ?? {}
    const why = this.#connection.failure ?? (cause instanceof Error ? cause.message : message)
    return this.#connection.mayHaveArrived(this.#stream) ? unavailable(why) : notSent(why)
  }

  #abandon(error: EtcdError): void {
    if (this.#isOver) return
    this.#stream.close(constants.NGHTTP2_CANCEL)
    this.#end(error)
  }

  #end(error: EtcdError | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#release()
    if (!this.#stream.writableEnded && !this.#stream.destroyed) this.#stream.end()
    this.#connection.ended()
    this.#terms.onEnd(error)
  }
}
