import type { Connection } from './connection.ts'
import type { Statements } from './statements.ts'

/** Between attempts to connect. */
const RETRY_MS = 1000

/**
 * One session that has no place, and so sees the line as everybody else does who has none: to a session that has a part of a place the server
 * grants it once more, whoever waits. Made when it is first needed.
 */
export class Onlooker {
  readonly #open: (onEnd: () => void) => Connection
  readonly #sql: Statements
  #connection: Connection | undefined
  /** The last that did not come to stand: a server that has no connection left must not be asked for one by every reader. */
  #failed: { readonly why: unknown; readonly atMs: number } | undefined
  #closed = false

  constructor(open: (onEnd: () => void) => Connection, sql: Statements) {
    this.#open = open
    this.#sql = sql
  }

  /** Whether nobody has all of the place, or waits for that. */
  async isOpen(place: string): Promise<boolean> {
    const connection = this.#current()
    try {
      return (await connection.run(this.#sql.look, place)) === 'true'
    } catch (error) {
      if (connection.pid === undefined) this.#failed = { why: error, atMs: performance.now() }
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#connection?.close()
  }

  #current(): Connection {
    if (this.#closed) throw new Error('these locks were closed')
    if (this.#connection !== undefined) return this.#connection
    if (this.#failed !== undefined && performance.now() < this.#failed.atMs + RETRY_MS) throw this.#failed.why
    const connection = this.#open(() => {
      if (this.#connection === connection) this.#connection = undefined
    })
    this.#connection = connection
    return connection
  }
}
