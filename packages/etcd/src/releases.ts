import type { Candidate, Claim } from '@leasehold/core'
import type { Operation } from './connection.ts'
import { type Line, type Queued, WAITING_TTL_MS } from './line.ts'
import type { Namespace } from './namespace.ts'
import { exists, placeIn, rangeOf, readHolder, remove, when } from './transactions.ts'

/** What a release did, and where the next claim stands that it put in line. */
export interface Handover {
  readonly released: boolean
  readonly queued: Queued
}

/** Ends of holds and of places in line. */
export class Releases {
  readonly #namespace: Namespace
  readonly #line: Line

  constructor(namespace: Namespace, line: Line) {
    this.#namespace = namespace
    this.#line = line
  }

  async release(claim: Claim): Promise<boolean> {
    const place = this.#namespace.placeOf(claim)
    const holds = this.#line.holds(place)
    const session = this.#line.drop(place)
    try {
      const leaving = holds ? [remove(place)] : this.#leaving(claim)
      const answer = await this.#line.write(when([exists(place)], leaving), session)
      return answer.succeeded && (holds || this.#wasFirst(answer, place))
    } finally {
      this.#line.leave(session, place)
    }
  }

  /** One trip for a release and the place of the next local waiter. */
  async handOver(claim: Claim, next: Candidate): Promise<Handover> {
    const place = this.#namespace.placeOf(claim)
    const left = this.#line.drop(place)
    try {
      return await this.#line.onSession(WAITING_TTL_MS, async (session) => {
        const [enter] = this.#line.entering(next, session)
        const both = when([exists(place)], [...this.#leaving(claim), ...enter], enter)
        const answer = await this.#line.write(both, session, left)
        const queued = await this.#line.entered(next, session, rangeOf(answer, answer.responses.length - 1))
        return { released: answer.succeeded && this.#wasFirst(answer, place), queued }
      })
    } finally {
      this.#line.leave(left, place)
    }
  }

  /** The name of a place is its holder's secret: that it exists is all there is to compare. */
  #leaving(claim: Claim): Operation[] {
    return [readHolder(this.#namespace.lineFor(claim.key)), remove(this.#namespace.placeOf(claim))]
  }

  /** To leave a line is not to end a hold. */
  #wasFirst(answer: Parameters<typeof rangeOf>[0], place: string): boolean {
    const [first] = rangeOf(answer, 0)
    return first !== undefined && placeIn(first) === place
  }
}
