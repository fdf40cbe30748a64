import { setTimeout as pause } from 'node:timers/promises'
import type { SeatState, SeatStates } from '../live/seat-feed.ts'

const RETRY_MS = 100

/** The live seat map, as the customers of a race see it: the same events that a browser gets. */
export class SeatMap implements AsyncDisposable {
  readonly #states = new Map<string, SeatState>()
  readonly #closing = new AbortController()
  #waiting: (() => void)[] = []
  #following: Promise<void> = Promise.resolve()

  static async open(address: string): Promise<SeatMap> {
    const map = new SeatMap()
    const first = map.changes()
    map.#following = map.#follow(`${address}/api/live`)
    await first
    return map
  }

  get seats(): string[] {
    return [...this.#states.keys()]
  }

  get free(): string[] {
    return [...this.#states].filter(([, state]) => state === 'free').map(([seat]) => seat)
  }

  get isSoldOut(): boolean {
    return [...this.#states.values()].every((state) => state === 'sold')
  }

  /** Resolves when all of them are. */
  async sold(seats: readonly string[]): Promise<void> {
    while (!seats.every((seat) => this.#states.get(seat) === 'sold')) await this.changes()
  }

  /** Resolves with the next change of any seat. */
  changes(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  /** Comes back by itself, as a browser does. */
  async #follow(url: string): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await fetch(url, { signal })
        .then(({ body }) => body && this.#read(body))
        .catch(() => {})
      await pause(RETRY_MS, undefined, { signal }).catch(() => {})
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = ''
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const events = (text + chunk).split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) this.#take(event)
    }
  }

  #take(event: string): void {
    const data = /^data: (.*)$/m.exec(event)?.[1]
    if (data === undefined || !/^event: seats$/m.test(event)) return
    for (const [seat, state] of Object.entries(JSON.parse(data) as SeatStates)) this.#states.set(seat, state)
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}
