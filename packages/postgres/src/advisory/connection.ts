import { destroy, takeLeave } from '../farewell.ts'
import { keepAlive } from '../keep-alive.ts'
import type { PostgresRow, PostgresSessionClient, PostgresStatement } from '../postgres-shapes.ts'
import { explained } from '../refusals.ts'
import { corkForThisTurn } from './cork.ts'
import { greet, type Wishes } from './greeting.ts'
import type { ConnectSession } from './options.ts'
import { ServerClock } from './server-clock.ts'

/** A statement that is prepared once per connection. Its first parameter, a serial number, stands at the beginning of its `answer`, and where a pooler stands between, the process of the server behind it. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** By when a connection has to stand. */
const CONNECT_MS = 5000

/** Without an answer for this long, new work goes elsewhere if it can. */
const STALL_MS = 1000

/** Between looks at whether the answer is overdue. */
const LOOK_MS = 1000

/**
 * One session of its own at the server. Statements are answered in the order in which they were given, are never sent twice, and
 * travel without waiting for each other where the client can do that. Whoever loses the connection cannot know what became of them.
 */
export class Connection {
  /** Why it is over, once it is. */
  ended: Error | undefined
  /** How long the server may be silent while it owes an answer, in milliseconds; then the connection is given up. */
  patienceMs = CONNECT_MS
  #client: PostgresSessionClient | undefined
  readonly #schema: string
  readonly #wishes: Wishes
  #pid: number | undefined
  #clock = new ServerClock()
  #tokenStep = 1n
  readonly #onEnd: (why: Error) => void
  readonly #ready: Promise<PostgresSessionClient>
  #isReady = false
  #sent: Promise<unknown> = Promise.resolve()
  #serial = 0
  #owed = 0
  #silentSinceMs = performance.now()
  #watch: NodeJS.Timeout | undefined

  constructor(connect: ConnectSession, schema: string, wishes: Wishes, onEnd: (why: Error) => void) {
    this.#schema = schema
    this.#wishes = wishes
    this.#onEnd = onEnd
    this.#expectAnswer()
    this.#ready = this.#open(connect)
    this.#ready.then(
      () => {
        this.#isReady = true
        this.#answered()
      },
      (error: unknown) => this.end(error),
    )
  }

  /** The process of the server, once the connection stands. */
  get pid(): number | undefined {
    return this.#pid
  }

  /** As the server has told its time here. */
  get clock(): ServerClock {
    return this.#clock
  }

  /** As it was when the connection was made: whoever sets it greater meanwhile does no harm. */
  get tokenStep(): bigint {
    return this.#tokenStep
  }

  /** The last sign of life, by `performance.now()`. */
  get silentSinceMs(): number {
    return this.#silentSinceMs
  }

  get isStalled(): boolean {
    return this.#owed > 0 && performance.now() - this.#silentSinceMs > STALL_MS
  }

  /** Gives the server this much time, from now on. */
  allow(patienceMs: number): void {
    this.patienceMs = patienceMs
    this.#silentSinceMs = performance.now()
  }

  /** Resolves with the answer. */
  run(statement: Statement, ...values: readonly string[]): Promise<string> {
    const client = this.#client
    if (this.#isReady && client !== undefined) return this.#ask(client, statement, values)
    return this.#ready.then((opened) => this.#ask(opened, statement, values))
  }

  /** For a statement without parameters that has no answer. */
  async perform(text: string): Promise<void> {
    const client = this.#isReady && this.#client !== undefined ? this.#client : await this.#ready
    await this.#exchange(() => this.#send(client, { text }))
  }

  #ask(client: PostgresSessionClient, statement: Statement, values: readonly string[]): Promise<string> {
    this.#serial += 1
    const serial = this.#wishes.isPooled ? `${this.#serial} ${this.#pid} ` : `${this.#serial} `
    const asked = [String(this.#serial), ...values]
    return this.#exchange(async () => {
      const { rows } = await this.#send(client, statement, asked)
      return this.#checked(rows[0], serial)
    })
  }

  async #exchange<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    if (this.ended !== undefined) throw this.ended
    this.#expectAnswer()
    try {
      return await send()
    } catch (error) {
      // What the server did not refuse in words may have taken effect, and may still.
      if (!isRefusal(error)) this.end(error)
      throw this.ended ?? explained(error, this.#schema)
    } finally {
      this.#answered()
    }
  }

  /** Ends the connection at once, whatever is under way. */
  end(why: unknown): void {
    if (this.ended !== undefined) return
    const error = why instanceof Error ? why : new Error(String(why))
    this.ended = error
    clearTimeout(this.#watch)
    destroy(this.#client)
    this.#onEnd(error)
  }

  /** Takes leave of the server, and resolves when it has gone. */
  async close(): Promise<void> {
    if (this.ended !== undefined) return
    const idle = this.#owed === 0
    const closed = new Error('these locks were closed')
    this.ended = closed
    clearTimeout(this.#watch)
    if (idle && this.#client !== undefined) await takeLeave(this.#client)
    else destroy(this.#client)
    this.#onEnd(closed)
  }

  async #open(connect: ConnectSession): Promise<PostgresSessionClient> {
    const client = await made(connect, this.#schema)
    this.#client = client
    client.on('error', (error) => this.end(error))
    client.on('end', () => this.end(new Error('the connection to Postgres has ended')))
    // Given up meanwhile.
    if (this.ended !== undefined) throw this.ended
    client.unref?.()
    await client.connect()
    client.unref?.()
    keepAlive(client)
    const { pid, clock, tokenStep } = await greet(client, this.#schema, this.#wishes)
    this.#pid = pid
    this.#clock = clock
    this.#tokenStep = tokenStep
    return client
  }

  /** In order, also where the client cannot have two under way. */
  #send(client: PostgresSessionClient, statement: PostgresStatement, values?: string[]) {
    if (client.pipeline === true) {
      corkForThisTurn(client)
      return client.query(statement, values)
    }
    const send = () => client.query(statement, values)
    const sent = this.#sent.then(send, send)
    this.#sent = sent
    return sent
  }

  /** An answer to something else tells that the stream of answers is out of step: then none can be believed. */
  #checked(row: PostgresRow | undefined, serial: string): string {
    if (this.ended !== undefined) throw this.ended
    const answer = row?.['answer']
    if (typeof answer === 'string' && answer.startsWith(serial)) return answer.slice(serial.length)
    throw new Error(
      this.#wishes.isPooled
        ? 'another session of Postgres has answered: the pooler does not keep to one'
        : 'Postgres answered something that was not asked',
    )
  }

  #expectAnswer(): void {
    if (this.#owed === 0) this.#silentSinceMs = performance.now()
    this.#owed += 1
    this.#watch ??= this.#lookIn(this.patienceMs)
  }

  #answered(): void {
    this.#owed -= 1
    this.#silentSinceMs = performance.now()
  }

  /** Patience may have become less meanwhile. */
  #lookIn(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), Math.min(delayMs, LOOK_MS)).unref()
  }

  #look(): void {
    this.#watch = undefined
    if (this.#owed === 0 || this.ended !== undefined) return
    const patienceMs = this.#isReady ? this.patienceMs : CONNECT_MS
    const leftMs = this.#silentSinceMs + patienceMs - performance.now()
    if (leftMs > 0) this.#watch = this.#lookIn(leftMs)
    else this.end(new Error(`no answer from Postgres within ${patienceMs} ms`))
  }
}

async function made(connect: ConnectSession, schema: string): Promise<PostgresSessionClient> {
  try {
    return await connect()
  } catch (error) {
    throw explained(error, schema)
  }
}

/** The server's own words: this statement failed, and the session goes on. */
const isRefusal = (error: unknown): boolean => typeof (error as { severity?: unknown }).severity === 'string'
