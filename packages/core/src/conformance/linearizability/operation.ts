import type { Share } from '../../contract.ts'

/** One request to a lock server, and its answer. Times are readings of one clock. */
interface Request {
  /** Who asked: a lane of the picture. */
  readonly process: string
  readonly key: string
  /** Read before the request was sent. */
  readonly called: bigint
  /**
   * Read after the answer had come. Where no answer came: by when the request has taken effect, if it ever does. Left out: at any time after it was sent, or never.
   */
  readonly returned?: bigint | undefined
}

/** Of one claim: one attempt, and the hold that came of it. */
interface ClaimRequest extends Request {
  /** Names the claim. */
  readonly holder: string
}

/** What is told of a hold. */
export interface HoldTold {
  readonly fencingToken: bigint
  /** Which permits. */
  readonly slots?: readonly number[] | undefined
  /** So many tokens after this one are reserved for the same hold. */
  readonly reserved?: number | undefined
}

/** How long a hold that this request began, or prolonged, lasts. */
interface Lasting {
  /** The holder relied on the hold until then: the server ends it no earlier, unless the holder lets go. The earliest time of its expiry. */
  readonly validUntil?: bigint | undefined
  /** The TTL, in units of the clock. With `SearchOptions.slack` it gives the latest time of the expiry. */
  readonly ttl?: bigint | undefined
}

export interface AcquireOperation extends ClaimRequest, Lasting {
  readonly type: 'acquire'
  /** Left out: all of the key. */
  readonly share?: Share | undefined
  /** It waits for its turn: until it returns, it may stand in line, and others are refused for it. */
  readonly waits?: boolean | undefined
  readonly answer: HoldTold | 'contended' | 'unknown'
}

export interface RenewOperation extends ClaimRequest, Lasting {
  readonly type: 'renew'
  readonly answer: HoldTold | 'gone' | 'unknown'
}

export interface ReleaseOperation extends ClaimRequest {
  readonly type: 'release'
  /** `not-held`: the claim had no hold that this call could have ended. */
  readonly answer: 'released' | 'not-held' | 'unknown'
}

/** All holds of the key were ended, by an operator or by a server that lost its memory. Tokens go on increasing. */
export interface ClearOperation extends Request {
  readonly type: 'clear'
  readonly answer: 'done' | 'unknown'
}

/** What a client asked of a lock server, and what it was answered. */
export type LockOperation = AcquireOperation | RenewOperation | ReleaseOperation | ClearOperation

export interface SearchOptions {
  /** How long after its TTL the server may still keep the key of a silent holder, in units of the clock. Left out: nothing is asked of when it must have freed it. */
  readonly slack?: bigint | undefined
  /** By how much the readings of two processes may differ. Default 0: they read one clock. */
  readonly clockError?: bigint | undefined
  /** The server may refuse a claim that nobody is in the way of, as a quorum may whose votes are split. Default false. */
  readonly mayRefuse?: boolean | undefined
  /** Steps that the search of one key may take, before it gives up. Default 1,000,000. */
  readonly mostSteps?: number | undefined
}
