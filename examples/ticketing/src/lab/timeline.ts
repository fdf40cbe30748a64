import type { Fact, LaneName, Observation, Tone } from './fact.ts'
import type { RunTerms } from './story.ts'

type Listener = (fact: Fact) => void

/** What was observed in the present run, for everybody who looks on. */
export class Timeline {
  #facts: Fact[] = []
  #startedAt = performance.now()
  readonly #listeners = new Set<Listener>()

  get nowMs(): number {
    return performance.now() - this.#startedAt
  }

  /** A new run: what was before is forgotten. */
  begin(terms: RunTerms): void {
    this.#facts = []
    this.#startedAt = performance.now()
    this.record({ type: 'run', ...terms })
  }

  record(observation: Observation): void {
    const fact = { ...observation, at: Math.round(this.nowMs) }
    this.#facts.push(fact)
    for (const listener of this.#listeners) listener(fact)
  }

  note(lane: LaneName, tone: Tone, text: string): void {
    this.record({ type: 'note', lane, tone, text })
  }

  /** Hears everything of the present run from its beginning, and then what follows, until the returned function is called. */
  follow(listener: Listener): () => void {
    this.#facts.forEach(listener)
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
