import { holderOf, provesHold, type Step } from './prepare.ts'

/** A step that may have taken effect, at some time, or never. */
export interface OptionalStep {
  readonly step: Step
  /** Its place among those that have taken effect. */
  readonly bit: bigint
}

/** What there is of one claim. */
export interface ClaimSteps {
  /** Of the steps that must be explained, the last one that is of this claim, and the last one that says that it had a hold. -1: none. */
  lastMust: number
  lastProof: number
  /** Without an answer. */
  readonly acquires: OptionalStep[]
  readonly renewals: OptionalStep[]
  readonly releases: OptionalStep[]
}

/** By holder. */
export function claimsOf(must: readonly Step[], optional: readonly OptionalStep[]): Map<string, ClaimSteps> {
  const claims = new Map<string, ClaimSteps>()
  const claimOf = (step: Step): ClaimSteps => {
    const holder = holderOf(step)
    const known = claims.get(holder) ?? { lastMust: -1, lastProof: -1, acquires: [], renewals: [], releases: [] }
    claims.set(holder, known)
    return known
  }
  for (const [index, step] of must.entries()) {
    const claim = claimOf(step)
    claim.lastMust = index
    if (provesHold(step)) claim.lastProof = index
  }
  for (const each of optional) {
    const { type } = each.step.source
    if (type === 'acquire') claimOf(each.step).acquires.push(each)
    if (type === 'renew') claimOf(each.step).renewals.push(each)
    if (type === 'release') claimOf(each.step).releases.push(each)
  }
  return claims
}
