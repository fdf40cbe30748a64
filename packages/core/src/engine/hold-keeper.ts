import type { Candidate } from '../contract.ts'
import type { LeaseholdError } from '../errors.ts'
import type { Bench } from './bench.ts'

/** What a renewal says of those that it could not renew. */
export type Failures<Hold> = ReadonlyMap<Hold, LeaseholdError>

/** What is the same for all holds. */
interface HallOfHolds<Hold> {
  readonly bench: Bench
  readonly renewals: {
    /** Renews it soon, together with others. */
    add(hold: Hold): void
    /** Renews it now, for a caller. */
    renewNow(hold: Hold): Promise<void>
  }
}

/** Whom a hold tells, and asks. */
export interface HoldKeeper<Hold> {
  readonly hall: HallOfHolds<Hold>
  /** It is being released: whether somebody here has taken its hold at the server over, under another lease. */
  passOn(hold: Hold): boolean
  /** It is being released: whoever is next may be named in the same trip, and is started afterwards. */
  leaving(hold: Hold): { readonly candidate: Candidate; start(): void } | undefined
  /** It is over: lost, handed off, or released and answered for. */
  over(hold: Hold): void
}
