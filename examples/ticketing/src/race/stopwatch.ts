import type { Fleet } from '../fleet/fleet.ts'
import type { Traffic } from './contest.ts'

/** What became of one request. */
export interface Answered {
  readonly kind: 'hold' | 'payment' | 'confirmation'
  readonly status: number
  readonly code: string | undefined
  /** The server that answered. */
  readonly node: string | undefined
}

/** Codes that mean "taken" in this shop: somebody was faster before, or, where nothing is set aside, while one paid. */
const TAKEN = new Set(['seats-taken', 'sold-meanwhile'])

/**
 * Times every request but those whose checkout, or whose server, was frozen on purpose: what their victims feel counts, what they feel
 * does not.
 */
export class Stopwatch {
  readonly #fleet: Pick<Fleet, 'wasFrozen'>
  readonly #durations = { hold: [] as number[], payment: [] as number[], confirmation: [] as number[] }
  readonly #errors: Record<string, number> = {}
  readonly #errorsInFreeze: Record<string, number> = {}
  readonly #startedAt = performance.now()
  #requests = 0

  constructor(fleet: Pick<Fleet, 'wasFrozen'>) {
    this.#fleet = fleet
  }

  /** Says whether the freeze of a server, or one that the customer brought along, had a hand in it. */
  async time(request: () => Promise<Answered>, inFreeze: boolean): Promise<boolean> {
    const startedAt = performance.now()
    const answer = await request()
    this.#requests += 1
    const frozen = inFreeze || this.#fleet.wasFrozen(answer.node, startedAt)
    if (!frozen) this.#durations[answer.kind].push(performance.now() - startedAt)
    if (answer.status >= 400 && !TAKEN.has(answer.code ?? ''))
      tally(frozen ? this.#errorsInFreeze : this.#errors, answer)
    return frozen
  }

  read(): Traffic {
    const seconds = (performance.now() - this.#startedAt) / 1000
    const { hold } = this.#durations
    const all = Object.values(this.#durations).flat()
    return {
      requests: this.#requests,
      requestsPerSecond: Math.round(this.#requests / seconds),
      p50Ms: percentile(all, 0.5),
      p99Ms: percentile(all, 0.99),
      holds: hold.length,
      holdP50Ms: percentile(hold, 0.5),
      holdP99Ms: percentile(hold, 0.99),
      errors: this.#errors,
      errorsInFreeze: this.#errorsInFreeze,
    }
  }
}

function tally(counts: Record<string, number>, { kind, status, code }: Answered): void {
  const name = `${kind}: ${status} ${code ?? ''}`
  counts[name] = (counts[name] ?? 0) + 1
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return Math.round(value * 10) / 10
}
