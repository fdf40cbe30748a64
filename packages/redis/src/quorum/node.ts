import type { Claim, Inspection, RenewedClaim, Terms } from '@leasehold/core'

/** What one node keeps for a claim. */
export interface Stake {
  readonly token: bigint
  /** Until the node frees the key, in milliseconds, when it answered. */
  readonly ttlMs: number
}

/** The node keeps the key for the claim. */
export interface Vote extends Stake {
  readonly granted: true
  /** False: the node may have forgotten for whom it kept the key before. */
  readonly counts: boolean
  /** It did before, under this token, and was not asked to raise it. */
  readonly kept: boolean
  readonly clockUs: number
}

/** The node keeps the key, or the next turn, for another claim, or for others that share it; or somebody stands in line before a claim to a share. */
export interface Refusal {
  readonly granted: false
  readonly remainingMs: number
  /** Of the other claim, or of the kind of those that share the key. Of who stands in line, none, which is before all: nobody insists against the line. */
  readonly rank: string
  readonly clockUs: number
}

/** A claim that a majority keeps, as it was renewed, and its token. */
export interface Kept {
  readonly claim: RenewedClaim
  readonly token: bigint
}

/** What a node is asked for a claim. */
export interface Ask {
  readonly proposal: bigint
  readonly raise: boolean
  /** Grows from attempt to attempt. */
  readonly attempt: number
}

/** Later than any: what is restored is withdrawn by no attempt, and what is gone by this one. */
export const LAST_ATTEMPT = Number.MAX_SAFE_INTEGER

/**
 * One of the independent nodes. Each operation is one atomic step on its own clock, and sent once; whatever is not an answer is thrown.
 */
export interface QuorumNode {
  /**
   * Keeps a free key for the claim, under a token greater than every one before: the proposal, if that is. A node that remembers no token of the key counts
   * from its clock. A claim that has the key is told what it has; with `raise`, a smaller token is lifted to the proposal, and the time begins anew.
   *
   * A key that others share is kept beside them for a claim to a share, unless somebody who wants the whole key stands in line before it. Where others have had greater tokens than
   * its own meanwhile, one that is raised comes after theirs.
   */
  vote(claim: Claim, terms: Terms, ask: Ask): Promise<Vote | Refusal>
  /** Resets the time of each claim that has its key to its TTL; undefined for the others. */
  renew(renewals: readonly RenewedClaim[]): Promise<readonly (Stake | undefined)[]>
  /** Keeps the keys that are free here, or shared with others, or kept under another token, for claims that a majority keeps already, under the tokens that they have there, for their TTLs. */
  restore(kept: readonly Kept[]): Promise<unknown>
  /** Ends the hold of each claim and its place in line; whether it had a hold. */
  release(claims: readonly Claim[]): Promise<readonly boolean[]>
  /**
   * Ends the hold of a claim that got no majority, unless a later attempt has asked for it: a withdrawal may be late, and the claim may have its majority by then. Its place in line
   * stays.
   */
  withdraw(claim: Claim, attempt: number): Promise<unknown>
  inspect(key: string): Promise<readonly Inspection[]>
}
