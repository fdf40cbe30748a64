import { Alarm } from './alarm.ts'
import type { PostgresClient } from './postgres-shapes.ts'

/** How often a connection is asked whether it is still there, and by when it has to say so, in milliseconds. */
export interface Rhythm {
  readonly everyMs: number
  readonly patienceMs: number
}

export const RHYTHM: Rhythm = { everyMs: 10_000, patienceMs: 5000 }

/** A connection that only listens never finds out by itself that nothing can be heard on it: as long as somebody needs it, it is asked now and then. */
export class Pulse {
  readonly #client: PostgresClient
  readonly #isNeeded: () => boolean
  readonly #onDead: () => void
  readonly #rhythm: Rhythm
  readonly #next = new Alarm(() => void this.#feel())
  #feltAtMs = performance.now()
  #isFeeling = false
  #isOver = false

  constructor(client: PostgresClient, isNeeded: () => boolean, onDead: () => void, rhythm: Rhythm) {
    this.#client = client
    this.#isNeeded = isNeeded
    this.#onDead = onDead
    this.#rhythm = rhythm
  }

  /** Somebody needs the connection from now on: it is asked at once if it was not for long. */
  mind(): void {
    if (!this.#isOver) this.#next.by(this.#feltAtMs + this.#rhythm.everyMs)
  }

  stop(): void {
    this.#isOver = true
    this.#next.stop()
  }

  async #feel(): Promise<void> {
    if (this.#isFeeling || !this.#isNeeded()) return
    this.#isFeeling = true
    const late = setTimeout(() => this.#die(), this.#rhythm.patienceMs).unref()
    try {
      await this.#client.query('select 1')
      this.#feltAtMs = performance.now()
      this.#isFeeling = false
      this.mind()
    } catch {
      this.#die()
    } finally {
      clearTimeout(late)
    }
  }

  #die(): void {
    if (this.#isOver) return
    this.stop()
    this.#onDead()
  }
}
