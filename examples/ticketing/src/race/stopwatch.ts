import type { Traffic } from './contest.ts'

/** Times every request but those that were frozen on purpose: what their victims feel counts, what they feel does not. */
export class Stopwatch {
  readonly #durations: number[] = []
  readonly #startedAt = performance.now()
  #requests = 0

  async time<T>(request: () => Promise<T>, frozen: boolean): Promise<T> {
    const startedAt = performance.now()
    const answer = await request()
    this.#requests += 1
    if (!frozen) this.#durations.push(performance.now() - startedAt)
    return answer
  }

  read(): Traffic {
    const seconds = (performance.now() - this.#startedAt) / 1000
    const sorted = this.#durations.toSorted((a, b) => a - b)
    return {
      requests: this.#requests,
      requestsPerSecond: Math.round(this.#requests / seconds),
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
    }
  }
}

function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return Math.round(value * 10) / 10
}
