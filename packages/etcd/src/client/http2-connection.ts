import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { Socket } from 'node:net'
import { afterUnlessRead } from '../unless-read.ts'
import type { MemberAddress } from './member-address.ts'
import type { MemberSettings } from './options.ts'

/** Enough for what is read at once to come without a pause. */
const WINDOW_BYTES = 1024 * 1024
/** A stream is an odd number below 2^31; long before they are used up, others begin anew on another connection. */
const MOST_CALLS = 500_000_000

/** A timer may be as much too early. */
const TIMER_ERROR_MS = 2
const SILENT = 'nothing comes from this connection any more'

const SETTINGS = {
  settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
  // Node would hold back, or reset, what comes after the hundredth call, or beyond ten megabytes in all.
  peerMaxConcurrentStreams: 2 ** 32 - 1,
  maxSessionMemory: 1_000,
}

/**
 * One connection to one member. It is not repaired: what breaks it ends all that is under way there, and whoever asks next makes another one.
 * It keeps the process alive while anything is under way, and is pinged while somebody listens, for silence would tell them nothing.
 */
export class Http2Connection {
  readonly #socket: Socket
  readonly #session: ClientHttp2Session
  readonly #settings: MemberSettings
  #calls = 0
  #open = 0
  #listening = 0
  #retired = false
  #failure: string | undefined
  #heardAtMs = performance.now()
  #hasWorked = false
  /** The server has ended it with an error. */
  #isBlamed = false
  #pingedAtMs = 0
  #pinging: NodeJS.Timeout | undefined

  constructor(address: MemberAddress, settings: MemberSettings) {
    this.#settings = settings
    const socket = address.dial()
    const session = connect(address.origin, { ...SETTINGS, createConnection: () => socket })
    this.#socket = socket
    this.#session = session
    session.unref()
    // The session tells of them; what comes after its end is of no interest.
    socket.on('error', () => {})
    session.on('connect', () => session.setLocalWindowSize(WINDOW_BYTES))
    session.on('remoteSettings', () => {
      this.heard()
      this.#leaveRoom()
    })
    // What is under way ends by itself: this only says why.
    session.on('error', ({ message }) => {
      this.#failure ??= message
    })
    session.on('goaway', (code) => {
      this.#isBlamed = code !== constants.NGHTTP2_NO_ERROR
      this.#leave()
    })
    session.on('close', () => clearTimeout(this.#pinging))
  }

  /** Takes new calls. */
  get isUsable(): boolean {
    return !this.#retired && !this.#session.closed && !this.#session.destroyed
  }

  /** Why it broke, if it did. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Call `ended` once when it is over. Throws where the connection has just broken. */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.#session.request(headers)
    if (this.#open === 0) this.#session.ref()
    this.#open += 1
    this.#calls += 1
    if (this.#calls === MOST_CALLS) this.retire()
    return stream
  }

  /** False: the server has not seen it, or says that it has not looked at it, and never will. An error of the whole connection is told of all streams, whatever became of them. */
  mayHaveArrived(stream: ClientHttp2Stream): boolean {
    if (stream.pending) return false
    return stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM || this.#isBlamed
  }

  ended(): void {
    this.#open -= 1
    if (this.#open > 0) return
    this.#session.unref()
    if (this.#retired || this.#session.destroyed) this.#destroy()
  }

  /** Something has come. */
  heard(): void {
    this.#heardAtMs = performance.now()
    this.#hasWorked = true
  }

  /**
   * An answer to what was sent then is overdue. Where nothing else came either, the way there is taken for broken; but whoever waits for less than a whole deadline does not speak for others, who wait
   * for longer on a connection that worked before.
   */
  suspect(sentAtMs: number): void {
    const isLong = performance.now() - sentAtMs > this.#settings.deadlineMs - TIMER_ERROR_MS
    const isDecisive = isLong || this.#open === 0 || !this.#hasWorked
    if (this.#heardAtMs < sentAtMs && isDecisive) this.break(SILENT)
  }

  /** Ends whatever is under way there. */
  break(why: string): void {
    this.#failure ??= why
    this.#destroy()
  }

  /** Takes nothing new, and closes when what is under way has ended. */
  retire(): void {
    this.#retired = true
    if (this.#open === 0) this.#destroy()
  }

  /** Node waits for a last word to be sent, for good where a certificate was refused. */
  #destroy(): void {
    this.#session.destroy()
    setImmediate(() => this.#socket.destroy())
  }

  /** The server takes nothing new. What is under way may end, and nobody listens to it for longer than that takes. */
  #leave(): void {
    this.retire()
    const cancel = afterUnlessRead(this.#settings.deadlineMs, () => this.break('the server has gone away'))
    this.#session.on('close', cancel)
  }

  /** Somebody listens; call what is returned when that is over. */
  listen(): () => void {
    this.#listening += 1
    if (this.#listening === 1) this.#pingLater()
    this.#leaveRoom()
    return () => {
      this.#listening -= 1
      if (this.#listening === 0) clearTimeout(this.#pinging)
    }
  }

  /** What stays open takes at most half of the streams that the server, or what stands before it, allows: calls would wait for their end. Others go to another connection. */
  #leaveRoom(): void {
    const { maxConcurrentStreams = Number.POSITIVE_INFINITY } = this.#session.remoteSettings
    if (this.#listening * 2 >= maxConcurrentStreams) this.retire()
  }

  #pingLater(): void {
    const dueMs = Math.max(this.#heardAtMs, this.#pingedAtMs) + this.#settings.pingAfterMs - performance.now()
    this.#pinging = setTimeout(() => this.#pingWhenDue(), Math.max(1, dueMs))
    this.#pinging.unref()
  }

  #pingWhenDue(): void {
    const now = performance.now()
    if (now - Math.max(this.#heardAtMs, this.#pingedAtMs) >= this.#settings.pingAfterMs) this.#ping(now)
    this.#pingLater()
  }

  #ping(now: number): void {
    if (this.#session.destroyed) return
    this.#pingedAtMs = now
    const cancel = afterUnlessRead(this.#settings.pingTimeoutMs, () => {
      if (this.#heardAtMs < now) this.break(SILENT)
    })
    this.#session.ping((error) => {
      cancel()
      if (error === null) this.heard()
    })
  }
}
