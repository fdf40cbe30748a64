import type { Listener } from '../listening.ts'

/** Those of this process who wait to hear of releases, by place. */
export class Releases implements Listener {
  readonly channel: string
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(channel: string) {
    this.channel = channel
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Calls back at most once, when the place was released or that may have been missed. Returns how to stop waiting. */
  watch(place: string, wake: () => void): () => void {
    const waiting = this.#waiting.get(place) ?? new Set()
    this.#waiting.set(place, waiting.add(wake))
    return () => {
      waiting.delete(wake)
      if (waiting.size === 0 && this.#waiting.get(place) === waiting) this.#waiting.delete(place)
    }
  }

  heard(place: string): void {
    const waiting = this.#waiting.get(place)
    this.#waiting.delete(place)
    for (const wake of waiting ?? []) wake()
  }

  missed(): void {
    for (const place of [...this.#waiting.keys()]) this.heard(place)
  }
}
