import type { Clock } from '@leasehold/core'
import { MOST_TOGETHER } from './one-turn.ts'
import { REFRESH_MS } from './waiting-times.ts'

/** Some who beat at the same moment. */
interface Company {
  readonly members: Set<() => void>
  readonly cancel: () => void
}

/**
 * The rhythm of all who wait in this process. Those whose keys one script serves beat in one turn of the event loop, as many at a time as one script takes. Whoever comes, or has had an answer, goes
 * along with those who beat next: that is sooner than it has to be, and never later.
 */
export class Heartbeats {
  readonly #clock: Clock
  /** By group: those who may become more. */
  readonly #gathering = new Map<number, Company>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `beat` once, within `REFRESH_MS`. Returns how to stop. */
  next(group: number, beat: () => void): () => void {
    const company = this.#gathering.get(group) ?? this.#begin(group)
    const { members } = company
    members.add(beat)
    if (members.size >= MOST_TOGETHER) this.#close(group, company)
    return () => {
      if (!members.delete(beat) || members.size > 0) return
      company.cancel()
      this.#close(group, company)
    }
  }

  #begin(group: number): Company {
    const members = new Set<() => void>()
    const cancel = this.#clock.setTimer(REFRESH_MS, () => {
      this.#close(group, company)
      const all = [...members]
      members.clear()
      for (const beat of all) beat()
    })
    const company = { members, cancel }
    this.#gathering.set(group, company)
    return company
  }

  #close(group: number, company: Company): void {
    if (this.#gathering.get(group) === company) this.#gathering.delete(group)
  }
}
