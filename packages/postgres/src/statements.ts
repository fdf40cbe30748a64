import { ask } from './answers.ts'
import type { PoolClients } from './pool-clients.ts'
import type { PostgresPoolClient, PostgresRow } from './postgres-shapes.ts'
import { leavesSession, SERIALIZATION_FAILURE, stateOf } from './refusals.ts'
import { unlessRolledBack } from './rolled-back.ts'
import { UnderWay } from './under-way.ts'

/**
 * One statement at a time on a client of the pool, unnamed, and without state in the session: a transaction pooler may stand between. Only what
 * the server has rolled back is sent again. What ended without a word of the server costs its connection, since it may still be at it.
 */
export class Statements {
  readonly #clients: PoolClients
  readonly #underWay: UnderWay
  /** Sessions of this pool begin transactions of another isolation than `read committed`, as was seen by what became of one. */
  #isolates = false

  constructor(clients: PoolClients, timeoutMs: number) {
    this.#clients = clients
    this.#underWay = new UnderWay(timeoutMs)
  }

  run(text: string, values: unknown[]): Promise<readonly PostgresRow[]> {
    let client: PostgresPoolClient | undefined
    return this.#underWay.run(
      async (isOpen) => {
        const taken = await this.#clients.take()
        if (isOpen()) {
          client = taken
          return unlessRolledBack(() => this.#ask(taken, text, values), isOpen)
        }
        // Given up while the pool had no client: nothing may take effect any more.
        this.#clients.give(taken, false)
        return []
      },
      (failure) => {
        if (client !== undefined) this.#clients.give(client, failure !== undefined && !leavesSession(failure.error))
      },
    )
  }

  /** Ends the connections of statements that are still under way. */
  close(): void {
    this.#underWay.close()
  }

  async #ask(client: PostgresPoolClient, text: string, values: unknown[]): Promise<readonly PostgresRow[]> {
    try {
      return await (this.#isolates ? askReadCommitted : ask)(client, text, values)
    } catch (error) {
      if (stateOf(error) === SERIALIZATION_FAILURE) this.#isolates = true
      throw error
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
