import { ask } from './answers.ts'
import { assertLent } from './arguments.ts'
import { keepAlive } from './keep-alive.ts'
import type { PostgresClientInsides, PostgresPool, PostgresPoolClient } from './postgres-shapes.ts'

/** A connection that was silent for longer is asked whether it is still there. What forgets silent ones waits longer than that. */
const STALE_MS = 10_000

/** By when it has to say so: a statement that then goes elsewhere still has its time. */
const PROBE_MS = 500

/** For so long after one did not answer, those that were last used before it are not asked, either. */
const SUSPICION_MS = 1000

/** A broken connection tells its statement; the event would end the process if nobody listened. */
const toldByTheStatement = () => {}

type Lent = PostgresPoolClient & PostgresClientInsides

/** Clients of the pool that are there when they are used: in a pool, connections may have been dead for long, and nobody knows. */
export class PoolClients {
  readonly #pool: PostgresPool
  readonly #staleMs: number
  readonly #usedAtMs = new WeakMap<Lent, number>()
  /** The last that did not answer: when it was used, and when that was found. */
  #dead: { readonly usedAtMs: number; readonly foundAtMs: number } | undefined

  constructor(pool: PostgresPool, staleMs = STALE_MS) {
    this.#pool = pool
    this.#staleMs = staleMs
  }

  async take(): Promise<PostgresPoolClient> {
    for (;;) {
      const client: Lent = await this.#pool.connect()
      const usedAtMs = this.#lastUse(client)
      client.on('error', toldByTheStatement)
      if (performance.now() - usedAtMs < this.#staleMs) return client
      if (!this.#isSuspect(usedAtMs)) {
        if (await answers(client)) return client
        this.#dead = { usedAtMs, foundAtMs: performance.now() }
      }
      // Taking leave would wait for one who does not answer.
      client.connection?.stream.destroy()
      client.release(true)
    }
  }

  give(client: PostgresPoolClient, destroy: boolean): void {
    if (!destroy) client.removeListener('error', toldByTheStatement)
    this.#usedAtMs.set(client, performance.now())
    client.release(destroy)
  }

  #isSuspect(usedAtMs: number): boolean {
    const dead = this.#dead
    return dead !== undefined && usedAtMs <= dead.usedAtMs && performance.now() - dead.foundAtMs < SUSPICION_MS
  }

  /** By `performance.now()`. Of what others have used before nothing is known. */
  #lastUse(client: Lent): number {
    const usedAtMs = this.#usedAtMs.get(client)
    if (usedAtMs !== undefined) return usedAtMs
    assertLent(client)
    keepAlive(client)
    return client._poolUseCount ? Number.NEGATIVE_INFINITY : performance.now()
  }
}

/** Whether there is an answer in time. */
const answers = (client: PostgresPoolClient): Promise<boolean> =>
  new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), PROBE_MS).unref()
    const told = (isThere: boolean) => () => {
      clearTimeout(late)
      resolve(isThere)
    }
    ask(client, 'select 1', []).then(told(true), told(false))
  })
