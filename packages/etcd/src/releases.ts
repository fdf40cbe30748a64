import type { Candidate, Claim } from '@leasehold/core'
import type { Operation, TransactionAnswer } from './connection.ts'
import type { Hold } from './holds.ts'
import { type Line, type Queued, WAITING_TTL_MS } from './line.ts'
import type { Namespace } from './namespace.ts'
import {
  createdAt,
  exists,
  hangsOn,
  hasRemoved,
  inChunks,
  placeIn,
  rangeOf,
  readHolder,
  remove,
  when,
} from './transactions.ts'

/** What a release did, and where the next claim stands that it put in line. */
export interface Handover {
  readonly released: boolean
  readonly queued: Queued
}

/** One of many, and where its answer goes. */
interface Ending {
  readonly claim: Claim
  readonly place: string
  readonly index: number
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
    return this.#line.removing([place], async ([session]) => {
      const leaving = holds ? [remove(place)] : this.#leaving(claim)
      const answer = await this.#line.write(when([exists(place)], leaving), session)
      return answer.succeeded && (holds || this.#wasFirst(answer, place))
    })
  }

  /** In as few transactions as etcd takes. Of claims that hold their locks from here, it is enough to know that their places were there. */
  async releaseAll(claims: readonly Claim[]): Promise<readonly boolean[]> {
    const ended: boolean[] = []
    const all = claims.map((claim, index) => ({ claim, place: this.#namespace.placeOf(claim), index }))
    const held = all.filter(({ place }) => this.#line.holds(place))
    const others = all.filter(({ place }) => !this.#line.holds(place))
    await Promise.all([
      ...inChunks(held).map((chunk) => this.#end(chunk, ended)),
      ...inChunks(others, 2).map((chunk) => this.#endOrLeave(chunk, ended)),
    ])
    return ended
  }

  #end(chunk: readonly Ending[], ended: boolean[]): Promise<void> {
    const places = chunk.map(({ place }) => place)
    return this.#line.removing(places, async (sessions) => {
      const answer = await this.#line.write(when([], places.map(remove)), ...sessions)
      for (const [i, { index }] of chunk.entries()) ended[index] = hasRemoved(answer, i)
    })
  }

  #endOrLeave(chunk: readonly Ending[], ended: boolean[]): Promise<void> {
    const places = chunk.map(({ place }) => place)
    return this.#line.removing(places, async (sessions) => {
      const leaving = chunk.flatMap(({ claim }) => this.#leaving(claim))
      const answer = await this.#line.write(when([], leaving), ...sessions)
      for (const [i, { index, place }] of chunk.entries())
        ended[index] = this.#wasFirst(answer, place, 2 * i) && hasRemoved(answer, 2 * i + 1)
    })
  }

  /** Of a hold that nobody renewed in time: its session lives on for others. Spared where another process has taken it over: it hangs on that one's lease then. */
  async expire({ place, fencingToken, session }: Hold): Promise<void> {
    try {
      const own = [createdAt(place, fencingToken), hangsOn(place, session.leaseId)]
      await this.#line.write(when(own, [remove(place)]), session)
    } catch (error) {
      // It may stand still, and is forgotten here.
      session.end('doubtful')
      throw error
    } finally {
      this.#line.leave(session, place)
    }
  }

  /** One trip for a release and the place of the next local waiter. */
  async handOver(claim: Claim, next: Candidate): Promise<Handover> {
    const place = this.#namespace.placeOf(claim)
    return this.#line.removing([place], ([left]) =>
      this.#line.onSession(WAITING_TTL_MS, async (session) => {
        const [enter] = this.#line.entering(next, session)
        const both = when([exists(place)], [...this.#leaving(claim), ...enter], enter)
        const answer = await this.#line.write(both, session, left)
        const queued = await this.#line.entered(next, session, rangeOf(answer, answer.responses.length - 1))
        return { released: answer.succeeded && this.#wasFirst(answer, place), queued }
      }),
    )
  }

  /** The name of a place is its holder's secret: that it exists is all there is to compare. */
  #leaving(claim: Claim): Operation[] {
    return [readHolder(this.#namespace.lineFor(claim.key)), remove(this.#namespace.placeOf(claim))]
  }

  /** To leave a line is not to end a hold. `index`: of the operation that has read the holder. */
  #wasFirst(answer: TransactionAnswer, place: string, index = 0): boolean {
    const [first] = rangeOf(answer, index)
    return first !== undefined && placeIn(first) === place
  }
}
