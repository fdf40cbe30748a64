import type { PostgresPool, PostgresPoolClient, PostgresRow } from './postgres-shapes.ts'

/** A broken connection tells its statement; the event would end the process if nobody listened. */
const toldByTheStatement = () => {}

/**
 * One statement at a time on a client of the pool, never sent twice, unnamed, and without state in the session: a
 * transaction pooler may stand between. Whatever did not end well costs its connection, since the server may still be at it.
 */
export class Statements {
  readonly #pool: PostgresPool
  readonly #timeoutMs: number
  readonly #abandon = new Set<(why: string) => void>()

  constructor(pool: PostgresPool, timeoutMs: number) {
    this.#pool = pool
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
        if (client === undefined) return
        if (!destroy) client.removeListener('error', toldByTheStatement)
        client.release(destroy)
      }
      const failed = (error: unknown): void => {
        if (!open) return
        end(true)
        reject(error)
      }
      const abandon = (why: string): void => failed(new Error(why))
      const timer = setTimeout(abandon, this.#timeoutMs, `no answer from Postgres within ${this.#timeoutMs} ms`)
      timer.unref()
      this.#abandon.add(abandon)
      const query = async (): Promise<void> => {
        const connected = await this.#pool.connect()
        // Given up while the pool had no client: nothing may take effect any more.
        if (!open) return connected.release()
        client = connected
        client.on('error', toldByTheStatement)
        const { rows } = await client.query(text, values)
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
}
