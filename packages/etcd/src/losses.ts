import type { Claim } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import type { Hold, Holds } from './holds.ts'
import type { Line } from './line.ts'
import type { Reasons } from './reasons.ts'
import type { Session } from './session.ts'
import { inChunks, rangeOf, readPlace, when } from './transactions.ts'

/** Tells of holds that ended at the server other than by us: by the deletion of a key, or by the end of an etcd lease. */
export class Losses {
  readonly #connection: EtcdConnection
  readonly #holds: Holds
  readonly #line: Line
  readonly #reasons: Reasons
  readonly #tell: (claim: Claim, why?: string) => void

  constructor(
    connection: EtcdConnection,
    holds: Holds,
    line: Line,
    reasons: Reasons,
    tell: (claim: Claim, why?: string) => void,
  ) {
    this.#connection = connection
    this.#holds = holds
    this.#line = line
    this.#reasons = reasons
    this.#tell = tell
  }

  /** By the word of a watch. A place that was deleted before the hold was created is another one of the same name. */
  deleted(place: string, revision: bigint): void {
    const hold = this.#holds.get(place)
    if (hold !== undefined && revision > hold.fencingToken) void this.#deleted(hold)
  }

  /** Each hold is looked up first: a leader that is new may not know yet of a lease that there is, and a hold may have moved. */
  async sessionGone(session: Session): Promise<void> {
    await Promise.all(inChunks(this.#holds.on(session)).map((chunk) => this.#lookUp(chunk)))
  }

  async #lookUp(holds: readonly Hold[]): Promise<void> {
    const answer = await this.#connection.txn(
      when(
        [],
        holds.map(({ place }) => readPlace(place)),
      ),
    )
    for (const [i, hold] of holds.entries()) {
      const still = rangeOf(answer, i)[0]?.create_revision === String(hold.fencingToken)
      if (still || this.#holds.get(hold.place) !== hold) continue
      this.#drop(hold)
      this.#tell(hold.claim)
    }
  }

  async #deleted(hold: Hold): Promise<void> {
    this.#drop(hold)
    const why = await this.#reasons.soon(hold.claim)
    // A grant is not to be answered before the loss of the one before it is told.
    if (this.#holds.get(hold.place) === undefined) this.#tell(hold.claim, why)
  }

  #drop({ place }: Hold): void {
    this.#line.leave(this.#line.drop(place), place)
  }
}
