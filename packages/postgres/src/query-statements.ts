import { wrongArgument } from './arguments.ts'
import type { PostgresRow } from './postgres-shapes.ts'
import { unlessRolledBack } from './rolled-back.ts'
import { UnderWay } from './under-way.ts'

/**
 * Runs one statement with `$1`, `$2`, … for its values, as a transaction of its own, and never sends it a second time. Resolves with its rows, each with its columns under their own
 * names; rejects with an error whose `code` is the server's SQLSTATE. Values may come as text, or as the library reads them.
 */
export type PostgresQuery = (text: string, values: unknown[]) => PromiseLike<readonly PostgresRow[]>

/** Statements through a function of somebody's library: its connections are its own affair. Only what the server has rolled back is asked again. */
export class QueryStatements {
  readonly #query: PostgresQuery
  readonly #underWay: UnderWay

  constructor(query: PostgresQuery, timeoutMs: number) {
    this.#query = query
    this.#underWay = new UnderWay(timeoutMs)
  }

  run(text: string, values: unknown[]): Promise<readonly PostgresRow[]> {
    return this.#underWay.run(async (isOpen) => {
      const rows = await unlessRolledBack(() => this.#query(text, values), isOpen)
      if (Array.isArray(rows)) return rows
      throw wrongArgument('query must resolve with the rows, as an array')
    })
  }

  close(): void {
    this.#underWay.close()
  }
}
