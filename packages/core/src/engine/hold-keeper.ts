import type { Candidate, Inspection } from '../contract.ts'
import type { LeaseholdError } from '../errors.ts'
import type { Bench } from './bench.ts'

/** What a renewal says of those that it could not renew. */
export type Failures<Hold> = ReadonlyMap<Hold, LeaseholdError>

/** What parts of a key are to each other. */
export interface Sharing<Hold> {
  /** What the lease had, and what somebody holds now, need not exclude each other. */
  standTogether(lease: Hold, other: Inspection): boolean
}

/** What is the same for all holds. */
export interface HallOfHolds<Hold> extends Bench {
  readonly renewals: {
    /** Renews it soon, together with others. */
    add(hold: Hold): void
    /** Renews it now, for a caller. */
    renewNow(hold: Hold): Promise<void>
  }
  /** Runs under way, by the leases that they work under. */
  readonly runs: Set<readonly Hold[]>
  readonly shares?: Sharing<Hold> | undefined
  /** Every lease of this key that is valid now, of all of it or of a part. Where a server has lost its state, there may be both. */
  validAt(key: string): Hold[]
}

/** Whom a hold tells, and asks. */
export interface HoldKeeper<Hold> {
  readonly hall: HallOfHolds<Hold>
  /** It is being released: whether somebody here has taken its hold at the server over, under another lease. */
  passOn(hold: Hold): boolean
  /** It is being released: whoever is next may be named in the same trip, and is started afterwards. */
  leaving(hold: Hold): { readonly candidate: Candidate; start(first: 'wait'): void } | undefined
  /** It is over: lost, handed off, or released and answered for. */
  over(hold: Hold): void
}
