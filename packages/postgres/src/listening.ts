import { setTimeout as pause } from 'node:timers/promises'
import { destroy, takeLeave } from './farewell.ts'
import { keepAlive } from './keep-alive.ts'
import type { PostgresClientInsides, PostgresListenClient } from './postgres-shapes.ts'
import { Pulse, RHYTHM, type Rhythm } from './pulse.ts'

/** Between attempts to connect. */
const RETRY_MS = 1000

/** A session that listens is silent by nature. */
const NEVER_IDLE = `select set_config('idle_session_timeout', '0', false)`

/** Who hears what is announced. */
export interface Listener {
  readonly channel: string
  /** Somebody waits for it. */
  readonly isWaiting: boolean
  heard(payload: string): void
  /** What was said meanwhile was not heard. */
  missed(): void
}

/** One connection of its own on which is heard what those who release announce, made when somebody first waits, and anew after it broke. */
export class Listening {
  /** Somebody stands between who keeps the session, and says another process id. */
  isPooled = false
  readonly #connect: () => PostgresListenClient | Promise<PostgresListenClient>
  readonly #listener: Listener
  #listening: Promise<PostgresListenClient> | undefined
  /** That which is heard. */
  #subscribed: Promise<PostgresListenClient> | undefined
  #failedAtMs = Number.NEGATIVE_INFINITY
  /** Of the connection that listens. */
  #pulse: Pulse | undefined
  readonly #rhythm: Rhythm
  readonly #closing = new AbortController()

  constructor(
    connect: () => PostgresListenClient | Promise<PostgresListenClient>,
    listener: Listener,
    rhythm = RHYTHM,
  ) {
    this.#connect = connect
    this.#listener = listener
    this.#rhythm = rhythm
  }

  get isOpen(): boolean {
    return this.#subscribed !== undefined && this.#subscribed === this.#listening
  }

  /** Somebody waits: it is to be there. */
  mind(): void {
    this.#pulse?.mind()
  }

  /** Somebody waits. Resolves when what is announced from now on is heard, with the connection that hears it. */
  async opened(): Promise<PostgresListenClient> {
    this.#closing.signal.throwIfAborted()
    this.mind()
    this.#listening ??= this.#listen()
    return this.#listening
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('these locks were closed'))
    this.#pulse?.stop()
    const client = await this.#listening?.catch(() => undefined)
    if (client !== undefined) await takeLeave(client)
  }

  #listen(): Promise<PostgresListenClient> {
    const listening = this.#subscribe(() => this.#broken(listening))
    listening.then(
      (client) => {
        this.#subscribed = listening
        this.#mind(client, () => this.#broken(listening))
      },
      () => {
        this.#failedAtMs = performance.now()
        if (this.#listening === listening) this.#listening = undefined
      },
    )
    return listening
  }

  async #subscribe(onBroken: () => void): Promise<PostgresListenClient> {
    // An address that is wrong for good must not be tried in a loop. Whoever waits is polling meanwhile.
    const pauseMs = this.#failedAtMs + RETRY_MS - performance.now()
    if (pauseMs > 0) await pause(pauseMs, undefined, { ref: false, signal: this.#closing.signal })
    const client = await this.#connect()
    this.#closing.signal.throwIfAborted()
    client.unref?.()
    let subscribed = false
    // A client that breaks before it is subscribed is told of by what it was asked to do.
    const broken = () => subscribed && onBroken()
    client.on('error', broken)
    client.on('end', broken)
    client.on('notification', ({ payload = '' }) => this.#listener.heard(payload))
    const abandon = () => destroy(client)
    const { patienceMs } = this.#rhythm
    let isLate = false
    const late = setTimeout(() => {
      isLate = true
      abandon()
    }, patienceMs).unref()
    this.#closing.signal.addEventListener('abort', abandon)
    try {
      await client.connect()
      client.unref?.()
      keepAlive(client)
      if (!this.isPooled) await assertDirect(client)
      await client.query(NEVER_IDLE)
      await client.query(`listen "${this.#listener.channel}"`)
    } catch (error) {
      client.end().catch(() => {})
      throw isLate ? new Error(`no answer from Postgres within ${patienceMs} ms`, { cause: error }) : error
    } finally {
      clearTimeout(late)
      this.#closing.signal.removeEventListener('abort', abandon)
    }
    subscribed = true
    return client
  }

  /** From now on, as long as anybody waits. */
  #mind(client: PostgresListenClient & PostgresClientInsides, onBroken: () => void): void {
    if (this.#closing.signal.aborted) return
    const onDead = () => {
      destroy(client)
      onBroken()
    }
    this.#pulse?.stop()
    this.#pulse = new Pulse(client, () => this.#listener.isWaiting, onDead, this.#rhythm)
    this.#pulse.mind()
  }

  /** What was released meanwhile was not heard: everybody looks again. */
  #broken(listening: Promise<PostgresListenClient>): void {
    if (this.#listening !== listening) return
    this.#listening = undefined
    this.#pulse?.stop()
    this.#pulse = undefined
    this.#listener.missed()
  }
}

/** Behind a transaction pooler `LISTEN` succeeds and nothing is ever heard. The pooler gives itself away: it makes up the process id that it tells. */
async function assertDirect(client: PostgresListenClient & { readonly processID?: unknown }): Promise<void> {
  const { rows } = await client.query('select pg_backend_pid() as pid')
  const told = client.processID
  if (typeof told !== 'number' || told === Number(rows[0]?.['pid'])) return
  throw new Error('`listen` leads to a connection pooler: it needs a connection straight to Postgres')
}
