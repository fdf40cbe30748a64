import type { Candidate, Claim } from '@leasehold/core'
import type { Operation } from './connection.ts'
import type { Hold } from './holds.ts'
import { type Line, type Queued, WAITING_TTL_MS } from './line.ts'
import type { Namespace } from './namespace.ts'
import type { Standing } from './standing.ts'
import { createdAt, exists, hangsOn, hasRemoved, inChunks, remove, when } from './transactions.ts'

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
  readonly #standing: Standing

  constructor(namespace: Namespace, line: Line, standing: Standing) {
    this.#namespace = namespace
    this.#line = line
    this.#standing = standing
  }

  async release(claim: Claim): Promise<boolean> {
    const place = this.#namespace.placeOf(claim)
    const holds = this.#line.holds(place)
    return this.#line.removing([place], async ([session]) => {
      const leaving = holds ? [remove(place)] : this.#leaving(claim)
      const answer = await this.#line.write(when([exists(place)], leaving), session)
      return answer.succeeded && (holds || this.#standing.look(claim, answer).held !== undefined)
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
      ...inChunks(others, ({ claim }) => this.#leaving(claim).length).map((chunk) => this.#endOrLeave(chunk, ended)),
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
      let at = 0
      for (const { claim, index } of chunk) {
        const reads = this.#standing.reads(claim).length
        ended[index] = this.#standing.look(claim, answer, at).held !== undefined && hasRemoved(answer, at + reads)
        at += reads + 1
      }
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

  /** The place may be taken after the release that follows an abort: it is given up once it is there. A wait ends also because an attempt was granted the lock. */
  withdrawLater(claim: Claim, queued: Promise<unknown>): void {
    const isWithdrawn = () => !this.#line.holds(this.#namespace.placeOf(claim))
    queued.then(() => isWithdrawn() && this.release(claim)).catch(() => {})
  }

  /** One trip for a release and the place of the next local waiter. */
  async handOver(claim: Claim, next: Candidate): Promise<Handover> {
    const place = this.#namespace.placeOf(claim)
    return this.#line.removing([place], ([left]) =>
      this.#line.onSession(WAITING_TTL_MS, async (session) => {
        const [enter] = this.#line.entering(next, session)
        const both = when([exists(place)], [...this.#leaving(claim), ...enter], enter)
        const answer = await this.#line.write(both, session, left)
        const queued = await this.#line.entered(next, session, answer)
        return { released: answer.succeeded && this.#standing.look(claim, answer).held !== undefined, queued }
      }),
    )
  }

  /** The name of a place is its holder's secret: that it exists is all there is to compare. To leave a line is not to end a hold. */
  #leaving(claim: Claim): Operation[] {
    return [...this.#standing.reads(claim), remove(this.#namespace.placeOf(claim))]
  }
}
