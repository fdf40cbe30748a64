import { ask } from './answers.ts'
import type { PoolClients } from './pool-clients.ts'
import type { PostgresPoolClient, PostgresRow } from './postgres-shapes.ts'
import { isRolledBack, leavesSession, SERIALIZATION_FAILURE, stateOf } from './refusals.ts'

/** How often a statement is asked in all that the server has rolled back. */
export const MOST_ATTEMPTS = 5

/**
 * One statement at a time on a client of the pool, unnamed, and without state in the session: a transaction pooler may stand between. Only what
 * the server has rolled back is sent again. What ended without a word of the server costs its connection, since it may still be at it.
 */
export class Statements {
  readonly #clients: PoolClients
  readonly #timeoutMs: number
  readonly #abandon = new Set<(why: string) => void>()
  /** Sessions of this pool begin transactions of another isolation than `read committed`, as was seen by what became of one. */
  #isolates = false

  constructor(clients: PoolClients, timeoutMs: number) {
    this.#clients = clients
    this.#timeoutMs = timeoutMs
  }

  run(text: string, values: unknown[]): Promise<readonly PostgresRow[]> {
    return new Promise((resolve, reject) => {
      let open = true
      let client: PostgresPoolClient | undefined
      const end = (destroy: boolean): void => {
        open = false
        clearTimeout(timer)
        this.#abandon.delete(abandon)
        if (client !== undefined) this.#clients.give(client, destroy)
      }
      const failed = (error: unknown): void => {
        if (!open) return
        end(!leavesSession(error))
        reject(error)
      }
      const abandon = (why: string): void => failed(new Error(why))
      const timer = setTimeout(abandon, this.#timeoutMs, `no answer from Postgres within ${this.#timeoutMs} ms`)
      timer.unref()
      this.#abandon.add(abandon)
      const query = async (): Promise<void> => {
        const taken = await this.#clients.take()
        // Given up while the pool had no client: nothing may take effect any more.
        if (!open) return this.#clients.give(taken, false)
        client = taken
        const rows = await this.#ask(client, text, values, () => open)
        if (!open) return
        end(false)
        resolve(rows)
      }
      query().catch(failed)
    })
  }

  /** Ends the connections of statements that are still under way. */
  close(): void {
    for (const abandon of this.#abandon) abandon('these locks were closed')
  }

  async #ask(
    client: PostgresPoolClient,
    text: string,
    values: unknown[],
    isOpen: () => boolean,
  ): Promise<readonly PostgresRow[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await (this.#isolates ? askReadCommitted : ask)(client, text, values)
      } catch (error) {
        if (!isOpen() || !isRolledBack(error) || attempt === MOST_ATTEMPTS) throw error
        if (stateOf(error) === SERIALIZATION_FAILURE) this.#isolates = true
      }
    }
  }
}

/** In three trips. Sessions begin transactions as they were told, and a single statement cannot say that its own is to be another one. */
async function askReadCommitted(
  client: PostgresPoolClient,
  text: string,
  values: unknown[],
): Promise<readonly PostgresRow[]> {
  await client.query('begin isolation level read committed')
  try {
    const rows = await ask(client, text, values)
    await client.query('commit')
    return rows
  } catch (error) {
    if (leavesSession(error)) await client.query('rollback')
    throw error
  }
}
