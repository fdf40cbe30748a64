import type { Claim } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import type { Hold, Holds } from './holds.ts'
import type { Line } from './line.ts'
import type { Namespace } from './namespace.ts'
import type { Session } from './session.ts'
import type { TransactionSize } from './transaction-size.ts'
import { rangeOf, readPlace, when } from './transactions.ts'

/** Tells of holds that ended at the server other than by us: by the deletion of a key, or by the end of an etcd lease. */
export class Losses {
  readonly #connection: EtcdConnection
  readonly #holds: Holds
  readonly #line: Line
  readonly #namespace: Namespace
  readonly #size: TransactionSize
  readonly #tell: (claim: Claim, why?: string) => void
  /** Why holds were ended, by holder: of this revision alone, at which they are deleted. */
  #notices = { at: 0n, why: new Map<string, string>() }

  constructor(
    connection: EtcdConnection,
    holds: Holds,
    line: Line,
    namespace: Namespace,
    size: TransactionSize,
    tell: (claim: Claim, why?: string) => void,
  ) {
    this.#connection = connection
    this.#holds = holds
    this.#line = line
    this.#namespace = namespace
    this.#size = size
    this.#tell = tell
  }

  /** By the word of a watch. A place that was deleted before the hold was created is another one of the same name. */
  deleted(place: string, revision: bigint): void {
    const notice = this.#namespace.noticeIn(place)
    if (notice !== undefined) this.#note(notice, revision)
    const hold = this.#holds.get(place)
    if (hold === undefined || revision <= hold.fencingToken) return
    this.#lost(hold, this.#notices.at === revision ? this.#notices.why.get(hold.claim.holder) : undefined)
  }

  #note({ holder, why }: { readonly holder: string; readonly why: string }, revision: bigint): void {
    if (this.#notices.at !== revision) this.#notices = { at: revision, why: new Map() }
    this.#notices.why.set(holder, why)
  }

  /** Each hold is looked up first: a leader that is new may not know yet of a lease that there is, and a hold may have moved. */
  async sessionGone(session: Session): Promise<void> {
    await this.#size.inChunks(
      this.#holds.on(session),
      () => 1,
      (chunk) => this.#lookUp(chunk),
    )
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
      if (!still && this.#holds.get(hold.place) === hold) this.#lost(hold)
    }
  }

  #lost(hold: Hold, why?: string): void {
    this.#line.leave(this.#line.drop(hold.place), hold.place)
    this.#tell(hold.claim, why)
  }
}
