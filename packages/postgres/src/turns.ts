import type { PostgresListenClient } from './postgres-shapes.ts'

/** One connection of its own that hears which keys were released, made when somebody first waits, and anew after it broke. */
export class Turns {
  readonly #connect: () => PostgresListenClient
  readonly #channel: string
  readonly #waiting = new Map<string, Set<() => void>>()
  #listening: Promise<PostgresListenClient> | undefined
  #closed = false

  constructor(connect: () => PostgresListenClient, channel: string) {
    this.#connect = connect
    this.#channel = channel
  }

  /** Calls back at most once, when the key was released or that may have been missed. Returns how to stop waiting. */
  watch(key: string, wake: () => void): () => void {
    const waiting = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, waiting.add(wake))
    return () => {
      waiting.delete(wake)
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key)
    }
  }

  /** Resolves when releases from now on are heard. */
  async listening(): Promise<void> {
    if (this.#closed) throw new Error('these locks were closed')
    this.#listening ??= this.#listen()
    await this.#listening
  }

  async close(): Promise<void> {
    this.#closed = true
    const client = await this.#listening?.catch(() => undefined)
    await client?.end().catch(() => {})
  }

  #listen(): Promise<PostgresListenClient> {
    const client = this.#connect()
    const broken = () => this.#broken(listening)
    client.on('error', broken)
    client.on('end', broken)
    client.on('notification', ({ payload = '' }) => this.#wake(payload))
    const listening = this.#subscribe(client)
    // Before anybody can look at it: a failed attempt must not be the one that the next wait finds.
    listening.catch(() => {
      this.#broken(listening)
      client.end().catch(() => {})
    })
    return listening
  }

  async #subscribe(client: PostgresListenClient): Promise<PostgresListenClient> {
    await client.connect()
    client.unref?.()
    await assertDirect(client)
    await client.query(`listen "${this.#channel}"`)
    return client
  }

  /** What was released meanwhile was not heard: everybody looks again. */
  #broken(listening: Promise<PostgresListenClient>): void {
    if (this.#listening !== listening) return
    this.#listening = undefined
    for (const key of [...this.#waiting.keys()]) this.#wake(key)
  }

  #wake(key: string): void {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    for (const wake of waiting ?? []) wake()
  }
}

/** Behind a transaction pooler `LISTEN` succeeds and nothing is ever heard. The pooler gives itself away: it makes up the process id that it tells. */
async function assertDirect(client: PostgresListenClient & { readonly processID?: unknown }): Promise<void> {
  const { rows } = await client.query('select pg_backend_pid() as pid')
  const told = client.processID
  if (typeof told !== 'number' || told === Number(rows[0]?.['pid'])) return
  throw new Error('`listen` leads to a connection pooler: it needs a connection straight to Postgres')
}
