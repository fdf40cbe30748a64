import type { Clock, Instant } from '@leasehold/core'
import type { EtcdConnection, Transaction, TransactionAnswer } from './connection.ts'
import type { KeyRange } from './namespace.ts'
import { readHolder, when } from './transactions.ts'

/** A keepalive that was answered. */
export interface Alive {
  readonly sentAt: Instant
  /** For so long etcd keeps the lease from then: its whole TTL, unless something between says what remains of that. */
  readonly seconds: number
  /** Of the leader who is thought to have answered. */
  readonly term: string
}

/**
 * Leaders of etcd, by their terms. One that stood still and was replaced meanwhile answers keepalives that wait in its socket as if it led, and its successor does not keep what they promise: it counts from its own election.
 *
 * A transaction is answered only with the consent of a majority, a read as well. If that is answered in a term, nobody with a higher one had been elected by then. So a keepalive of this term, or of a later one, was answered by whoever led,
 * or the election came after the transaction. Either way the lease lasts for its TTL from when the earlier of the two was sent.
 */
export class Terms {
  /** The way to etcd, whose transactions are looked at. */
  readonly connection: EtcdConnection
  readonly #anywhere: KeyRange
  /** Of those answered in the highest term, the transaction that was sent last. */
  #agreed: { readonly term: bigint; readonly sentAt: Instant } | undefined

  #agreeing: Promise<unknown> | undefined

  /** `anywhere`: where it may read. */
  constructor(connection: EtcdConnection, clock: Clock, anywhere: KeyRange) {
    this.#anywhere = anywhere
    const txn = (transaction: Transaction) => this.#look(clock.now(), connection.txn(transaction))
    this.connection = { ...connection, txn, close: () => connection.close() }
  }

  async #look(sentAt: Instant, asked: Promise<TransactionAnswer>): Promise<TransactionAnswer> {
    const answer = await asked
    const term = BigInt(answer.header.raft_term)
    const known = this.#agreed
    if (known === undefined || term > known.term || (term === known.term && isLater(sentAt, known.sentAt)))
      this.#agreed = { term, sentAt }
    return answer
  }

  /** From when the lease lasts for its TTL at least, as far as is known. Undefined: this keepalive says nothing, and never will. */
  countsFrom({ sentAt, term }: Alive): Instant | undefined {
    const agreed = this.#agreed
    if (agreed === undefined || agreed.term > BigInt(term)) return undefined
    return isLater(sentAt, agreed.sentAt) ? agreed.sentAt : sentAt
  }

  /** So that what was sent until now counts, but for what was sent while others have just asked. */
  agree(): Promise<unknown> {
    this.#agreeing ??= this.connection.txn(when([], [readHolder(this.#anywhere)])).finally(() => {
      this.#agreeing = undefined
    })
    return this.#agreeing
  }
}

export const isLater = (one: Instant, other: Instant): boolean => one.monotonicMs > other.monotonicMs
