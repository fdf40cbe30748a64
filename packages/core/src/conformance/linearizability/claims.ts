import { holderOf, provesHold, type Step } from './prepare.ts'

/** A step that may have taken effect, at some time, or never. */
export interface OptionalStep {
  readonly step: Step
  /** Its place among those that have taken effect. */
  readonly bit: bigint
}

/** What there is of one claim, in the order in which it returned. */
export interface ClaimSteps {
  /** Of the steps that must be explained, the last one that is of this claim. -1: none. */
  lastMust: number
  /** Of these, by their places: those that acquired, and those that tell of a hold that was there. */
  readonly grants: number[]
  readonly proofs: number[]
  /** Without an answer. */
  readonly acquires: OptionalStep[]
  readonly renewals: OptionalStep[]
  readonly releases: OptionalStep[]
}

const emptyClaim = (): ClaimSteps => ({
  lastMust: -1,
  grants: [],
  proofs: [],
  acquires: [],
  renewals: [],
  releases: [],
})

/** By holder. */
export function claimsOf(must: readonly Step[], optional: readonly OptionalStep[]): Map<string, ClaimSteps> {
  const claims = new Map<string, ClaimSteps>()
  const claimOf = (step: Step): ClaimSteps => {
    const holder = holderOf(step)
    const known = claims.get(holder) ?? emptyClaim()
    claims.set(holder, known)
    return known
  }
  for (const [index, step] of must.entries()) addMust(claimOf(step), step, index)
  for (const each of optional) addOptional(claimOf(each.step), each)
  return claims
}

function addMust(claim: ClaimSteps, step: Step, index: number): void {
  const { type, answer } = step.source
  claim.lastMust = index
  if (type === 'acquire' && answer !== 'contended') claim.grants.push(index)
  else if (provesHold(step)) claim.proofs.push(index)
}

function addOptional({ acquires, renewals, releases }: ClaimSteps, each: OptionalStep): void {
  const { type } = each.step.source
  if (type === 'acquire') acquires.push(each)
  if (type === 'renew') renewals.push(each)
  if (type === 'release') releases.push(each)
}
