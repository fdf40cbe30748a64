import type { Candidate, Claim } from '@leasehold/core'
import type { Operation } from './connection.ts'
import type { Hold } from './holds.ts'
import { type Line, type Queued, WAITING_TTL_MS } from './line.ts'
import type { Namespace } from './namespace.ts'
import type { Removals } from './removals.ts'
import type { Standing } from './standing.ts'
import type { TransactionSize } from './transaction-size.ts'
import { createdAt, exists, hangsOn, hasRemoved, remove, when } from './transactions.ts'

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
  readonly #removals: Removals
  readonly #standing: Standing
  readonly #size: TransactionSize

  constructor(namespace: Namespace, line: Line, removals: Removals, standing: Standing, size: TransactionSize) {
    this.#namespace = namespace
    this.#line = line
    this.#removals = removals
    this.#standing = standing
    this.#size = size
  }

  async release(claim: Claim): Promise<boolean> {
    const place = this.#namespace.placeOf(claim)
    const holds = this.#line.held(place) !== undefined
    return this.#removals.removing([place], async (sessions) => {
      const leaving = holds ? [remove(place)] : this.#leaving(claim)
      const answer = await this.#removals.send(when([exists(place)], leaving), sessions)
      return answer.succeeded && (holds || this.#standing.look(claim, answer).held !== undefined)
    })
  }

  /** In as few transactions as etcd takes. Of claims that hold their locks from here, it is enough to know that their places were there. */
  async releaseAll(claims: readonly Claim[]): Promise<readonly boolean[]> {
    const ended: boolean[] = []
    const all = claims.map((claim, index) => ({ claim, place: this.#namespace.placeOf(claim), index }))
    const held = all.filter(({ place }) => this.#line.held(place) !== undefined)
    const others = all.filter(({ place }) => this.#line.held(place) === undefined)
    await Promise.all([this.#end(held, ended), this.#endOrLeave(others, ended)])
    return ended
  }

  #end(all: readonly Ending[], ended: boolean[]): Promise<void> {
    return this.#removing(
      all,
      () => 1,
      async (chunk, send) => {
        const answer = await send(chunk.map(({ place }) => remove(place)))
        for (const [i, { index }] of chunk.entries()) ended[index] = hasRemoved(answer, i)
      },
    )
  }

  #endOrLeave(all: readonly Ending[], ended: boolean[]): Promise<void> {
    return this.#removing(
      all,
      ({ claim }) => this.#leaving(claim).length,
      async (chunk, send) => {
        const answer = await send(chunk.flatMap(({ claim }) => this.#leaving(claim)))
        let at = 0
        for (const { claim, index } of chunk) {
          const reads = this.#standing.reads(claim).length
          ended[index] = this.#standing.look(claim, answer, at).held !== undefined && hasRemoved(answer, at + reads)
          at += reads + 1
        }
      },
    )
  }

  async #removing(
    all: readonly Ending[],
    operationsOf: (each: Ending) => number,
    each: (chunk: readonly Ending[], send: (operations: Operation[]) => ReturnType<Removals['send']>) => Promise<void>,
  ): Promise<void> {
    if (all.length === 0) return
    const places = all.map(({ place }) => place)
    await this.#removals.removing(places, (sessions) =>
      this.#size.inChunks(all, operationsOf, (chunk) =>
        each(chunk, (operations) => this.#removals.send(when([], operations), sessions)),
      ),
    )
  }

  /** Of a hold that nobody renewed in time: its session lives on for others. Spared where another process has taken it over: it hangs on that one's lease then. */
  async expire({ place, fencingToken, session }: Hold): Promise<void> {
    const own = when([createdAt(place, fencingToken), hangsOn(place, session.leaseId)], [remove(place)])
    await this.#removals.removing([place], (sessions) => this.#removals.send(own, sessions))
  }

  /**
   * The place may be taken after the release that follows an abort: it is given up once it is there. A wait ends also because an attempt was granted the lock by that place: then the place is
   * the hold's, and goes with it.
   */
  withdrawLater(claim: Claim, queued: Promise<Queued>): void {
    queued.then(({ fencingToken }) => this.#withdraw(claim, fencingToken)).catch(() => {})
  }

  async #withdraw(claim: Claim, token: bigint): Promise<void> {
    const place = this.#namespace.placeOf(claim)
    if (this.#line.held(place) !== undefined || (await this.#removals.ended(place, token))) return
    const own = when([createdAt(place, token)], [remove(place)])
    await this.#removals.removing([place], (sessions) => this.#removals.send(own, sessions))
  }

  /** One trip for a release and the place of the next local waiter. */
  async handOver(claim: Claim, next: Candidate): Promise<Handover> {
    const place = this.#namespace.placeOf(claim)
    return this.#removals.removing([place], ([left]) =>
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
