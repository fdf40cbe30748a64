import { randomUUID } from 'node:crypto'
import { ask } from './answers.ts'
import type { PostgresConnection, TransactionAware } from './postgres-shapes.ts'
import type { PostgresQuery } from './query-statements.ts'

/** What the statements of a pool come to: each goes to any of its connections, and none of them holds a lock for another. */
export const ELSEWHERE =
  'client must be one connection in one transaction: its statements went to several, or each had a transaction of its own. A pool lends one: await pool.connect()'

/** Throws `TypeError` for a pool, before anything is sent. What only behaves like one is found out by a `Mark`. */
export function assertOneConnection(client: unknown): void {
  const { query, totalCount, idleCount } = Object(client) as Readonly<Record<string, unknown>>
  if (totalCount !== undefined || idleCount !== undefined) {
    throw new TypeError('client must be one connection; got a pool, which lends them: await pool.connect()')
  }
  if (typeof query !== 'function') throw new TypeError('client must be a connection, with query(text, values)')
}

/** A function that runs a statement in somebody's transaction is one, too. Throws as `assertOneConnection`. */
export function oneConnection(given: PostgresConnection | PostgresQuery): PostgresConnection {
  if (typeof given === 'function') return { query: async (text, values = []) => ({ rows: await given(text, values) }) }
  assertOneConnection(given)
  return given
}

/** Where a client knows by itself that it is in a transaction, it is one connection. */
export const isInTransaction = (client: PostgresConnection & TransactionAware): boolean =>
  client.getTransactionStatus?.() === 'T'

/**
 * A setting that ends with the transaction in which it was made: whoever reads it there is on the same connection, in the same transaction. Its statements have no parameters where they need none: of one that has,
 * a transaction keeps the snapshot until the next.
 */
export class Mark {
  readonly #client: PostgresConnection
  readonly #name: string
  readonly #read: string
  readonly #value: string = randomUUID()

  constructor(client: PostgresConnection, name: string) {
    this.#client = client
    this.#name = `leasehold.${name}`
    this.#read = `coalesce(current_setting('${this.#name}', true), '')`
  }

  /** Resolves with the mark that was there before; empty where there was none. */
  async set(): Promise<string> {
    const text = `select ${this.#read} as before, set_config('${this.#name}', '${this.#value}', true)`
    const [row] = await ask(this.#client, text, [])
    return String(row?.['before'])
  }

  async isThere(): Promise<boolean> {
    const [row] = await ask(this.#client, `select ${this.#read} as mark`, [])
    return row?.['mark'] === this.#value
  }

  /** Whether it is there, as SQL. */
  get isHere(): string {
    return `${this.#read} = '${this.#value}'`
  }

  /** Evaluates the SQL where the mark is; rejects where it is not. Resolves with what it comes to, as text. */
  async ask(sql: string, values: unknown[] = []): Promise<string> {
    const text = `select case when ${this.isHere} then (${sql})::text else 'elsewhere' end as answer`
    const [row] = await ask(this.#client, text, values)
    const answer = row?.['answer']
    if (typeof answer === 'string' && answer !== 'elsewhere') return answer
    throw new TypeError(ELSEWHERE)
  }
}
