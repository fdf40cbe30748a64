import type { EtcdError } from './errors.ts'

// All that is needed of etcd, in the words of its protocol. The client in `client/` has it, and so has `etcd3-connection.ts`, by way of the package `etcd3`.

/** A 64-bit number in halves, as the protocol carries it. */
export interface Int64 {
  readonly low: number
  readonly high: number
  readonly unsigned: boolean
}

export interface Compare {
  readonly result: 'Equal' | 'Greater' | 'Less'
  readonly target: 'Create' | 'Mod' | 'Lease'
  readonly key: Buffer
  readonly range_end?: Buffer
  readonly create_revision?: string
  readonly mod_revision?: string
  readonly lease?: Int64
}

interface RangeRequest {
  readonly key: Buffer
  readonly range_end?: Buffer
  readonly limit?: number
  readonly sort_order?: 'Ascend'
  readonly sort_target?: 'Create'
  readonly keys_only?: boolean
}

interface PutRequest {
  readonly key: Buffer
  readonly value?: Buffer
  readonly lease?: string
  readonly ignore_value?: boolean
  readonly ignore_lease?: boolean
}

export type Operation =
  | { readonly request_range: RangeRequest }
  | { readonly request_put: PutRequest }
  | { readonly request_delete_range: { readonly key: Buffer } }
  /** One in another, with a condition of its own. All conditions are looked at before anything is carried out. */
  | { readonly request_txn: Transaction }

export interface Transaction {
  readonly compare: Compare[]
  readonly success: Operation[]
  readonly failure: Operation[]
}

export interface KeyValue {
  readonly key: Buffer
  readonly value: Buffer
  /** Decimal: it may be larger than a double tells exactly. */
  readonly create_revision: string
  /** Of its last change. */
  readonly mod_revision: string
  readonly lease: string
}

/** What became of a transaction. */
export interface Outcome {
  readonly succeeded: boolean
  /** One for each operation. */
  readonly responses: readonly {
    readonly response_range?: { readonly kvs: readonly KeyValue[] }
    /** Decimal: how many keys there were. */
    readonly response_delete_range?: { readonly deleted: string }
    readonly response_txn?: Outcome
  }[]
}

export interface TransactionAnswer extends Outcome {
  /** Decimal. Its term is that of the leader by whom it was answered. */
  readonly header: { readonly revision: string; readonly raft_term: string }
}

/** Told once when a stream has ended, however it did. */
export type OnEnd = (error: EtcdError) => void

/** The granted seconds; 0: the lease is gone. `term`: of the leader who is thought to have answered, by the member that was asked. */
export type OnAlive = (leaseId: string, seconds: number, term: string) => void

export interface Stream {
  /** With the error for which it is given up, if there is one. */
  cancel(why?: EtcdError): void
}

export interface KeepAliveStream extends Stream {
  send(leaseId: string): void
}

/** Which changes are told: deletions alone, or what is written, too. */
export type Told = 'deletions' | 'all'

/** Every call is sent once, has a deadline, and rejects with an `EtcdError`. */
export interface EtcdConnection {
  /** Resolves where etcd is reached, has a leader, and is no learner. */
  hasLeader(): Promise<void>
  txn(transaction: Transaction): Promise<TransactionAnswer>
  /** Resolves with the granted seconds. */
  grant(leaseId: string, seconds: number): Promise<number>
  revoke(leaseId: string): Promise<void>
  /** Whole seconds that remain, rounded down; negative where the lease is gone. */
  remainingSeconds(leaseId: string): Promise<number>
  keepAlive(onAlive: OnAlive, onEnd: OnEnd): Promise<KeepAliveStream>
  /** Changes in a range and their revisions, in order, from the moment that it resolves. Ends where the server has no leader. */
  watch(
    key: Buffer,
    rangeEnd: Buffer,
    what: Told,
    onChange: (key: string, revision: bigint) => void,
    onEnd: OnEnd,
  ): Promise<Stream>
  close(): void
}
