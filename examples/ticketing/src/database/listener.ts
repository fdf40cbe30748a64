import type pg from 'pg'

const RETRY_MS = 500

/** One connection that listens, replaced when it breaks. What was said meanwhile is not repeated: so whoever listens is told that he may have missed something. */
export class Listener {
  readonly #connect: () => pg.Client
  readonly #channel: string
  readonly #tell: (message: string | undefined) => void
  readonly listening: Promise<void>
  #client: pg.Client | undefined
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor(connect: () => pg.Client, channel: string, tell: (message: string | undefined) => void) {
    this.#connect = connect
    this.#channel = channel
    this.#tell = tell
    this.listening = this.#listen()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    await this.#client?.end().catch(() => {})
  }

  async #listen(): Promise<void> {
    const client = this.#connect()
    this.#client = client
    client.on('notification', ({ payload }) => this.#tell(payload))
    client.on('error', () => {})
    client.on('end', () => this.#again())
    await client.connect()
    await client.query(`listen ${client.escapeIdentifier(this.#channel)}`)
  }

  #again(): void {
    clearTimeout(this.#retry)
    if (this.#closed) return
    this.#retry = setTimeout(() => {
      this.#listen().then(
        () => this.#tell(undefined),
        () => this.#again(),
      )
    }, RETRY_MS)
  }
}
