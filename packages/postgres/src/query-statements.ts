import { wrongArgument } from './arguments.ts'
import type { PostgresRow } from './postgres-shapes.ts'
import { isRolledBack } from './refusals.ts'
import { MOST_ATTEMPTS } from './statements.ts'

/**
 * Runs one statement with `$1`, `$2`, … for its values, as a transaction of its own, and never sends it a second time. Resolves with its rows, each with its columns under their own
 * names; rejects with an error whose `code` is the server's SQLSTATE. Values may come as text, or as the library reads them.
 */
export type PostgresQuery = (text: string, values: unknown[]) => PromiseLike<readonly PostgresRow[]>

/** Statements through a function of somebody's library: its connections are its own affair. Only what the server has rolled back is asked again. */
export class QueryStatements {
  readonly #query: PostgresQuery
  readonly #timeoutMs: number
  readonly #abandon = new Set<(why: string) => void>()

  constructor(query: PostgresQuery, timeoutMs: number) {
    this.#query = query
    this.#timeoutMs = timeoutMs
  }

  run(text: string, values: unknown[]): Promise<readonly PostgresRow[]> {
    return new Promise((resolve, reject) => {
      let open = true
      const end = (): void => {
        open = false
        clearTimeout(timer)
        this.#abandon.delete(abandon)
      }
      const failed = (error: unknown): void => {
        end()
        reject(error)
      }
      const abandon = (why: string): void => failed(new Error(why))
      const timer = setTimeout(abandon, this.#timeoutMs, `no answer from Postgres within ${this.#timeoutMs} ms`)
      timer.unref()
      this.#abandon.add(abandon)
      const answered = (rows: readonly PostgresRow[]): void => {
        end()
        if (Array.isArray(rows)) resolve(rows)
        else reject(wrongArgument('query must resolve with the rows, as an array'))
      }
      this.#ask(text, values, () => open).then(answered, failed)
    })
  }

  close(): void {
    for (const abandon of this.#abandon) abandon('these locks were closed')
  }

  async #ask(text: string, values: unknown[], isOpen: () => boolean): Promise<readonly PostgresRow[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#query(text, values)
      } catch (error) {
        if (!isOpen() || !isRolledBack(error) || attempt === MOST_ATTEMPTS) throw error
      }
    }
  }
}
