import { AS_TEXT, numberIn } from '../answers.ts'
import type { PostgresSessionClient } from '../postgres-shapes.ts'

/** Where the server has room for enough. */
const MOST_BY_DEFAULT = 5000

/** Who knows nothing of the others leaves them most of it. */
const SHARE = 4

/** As the server itself counts when it starts: so many locks for each process that it may have, and each prepared transaction. */
const ROOM = `select current_setting('max_locks_per_transaction')::int * (1
    + current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int
    + current_setting('autovacuum_max_workers')::int + current_setting('max_worker_processes')::int
    + current_setting('max_wal_senders')::int
  ) as room`

/** How many locks the process may hold. The table of the server's locks is shared by all sessions, and where it is full, every one of them fails. */
export class HeldLimit {
  #locks: number
  readonly #isTold: boolean

  /** `told`: by whoever knows how many processes there are. */
  constructor(told: number | undefined) {
    this.#isTold = told !== undefined
    this.#locks = told ?? MOST_BY_DEFAULT
  }

  get locks(): number {
    return this.#locks
  }

  /** Asks the server for its size. */
  async learn(client: PostgresSessionClient): Promise<void> {
    if (this.#isTold) return
    const { rows } = await client.query({ text: ROOM, types: AS_TEXT })
    const room = numberIn(rows[0], 'room')
    if (room > 0) this.#locks = Math.min(MOST_BY_DEFAULT, Math.ceil(room / SHARE))
  }
}
