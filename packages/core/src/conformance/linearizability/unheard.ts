import type { Attempt } from './attempt.ts'
import type { ClaimSteps, OptionalStep } from './claims.ts'
import type { Step } from './prepare.ts'

/** An attempt to acquire that had no answer, so that it may have been granted at any time, and what else there is of its claim. */
export interface Unheard extends OptionalStep {
  readonly share: string
  readonly claim: ClaimSteps
}

export type Progress = Pick<Attempt, 'due' | 'taken' | 'state'>

export const isUnheard = ({ source, ret }: Step): boolean =>
  source.type === 'acquire' && source.answer === 'unknown' && ret === Number.POSITIVE_INFINITY

export const unheardOf = (each: OptionalStep, claim: ClaimSteps): Unheard => {
  const { source } = each.step
  return { ...each, claim, share: source.type === 'acquire' && source.share ? JSON.stringify(source.share) : '' }
}

/** A later answer tells of its hold, and others may be granted their parts meanwhile: so it may have been granted long before it is heard of. */
export const mayBeBesideOthers = ({ share, claim }: Unheard, due: number): boolean =>
  share !== '' && [...claim.grants, ...claim.proofs].some((index) => index >= due)

/**
 * Whether a grant of `spare` explains at least what one of `wanted` does, from here on: of two attempts that nobody was ever told of, it makes no difference which was granted.
 * Without this, a search would go through all choices of those that have been.
 */
export function canStandFor(spare: Unheard, its: Progress, wanted: Unheard, other: Progress): boolean {
  const { now } = its.state
  const isAsLong = spare.share === wanted.share && spare.step.lasts >= wanted.step.lasts
  const isAsEarly =
    spare.step.call <= Math.max(now, wanted.step.call) && spare.step.earliest <= Math.max(now, wanted.step.earliest)
  const isLeftAlone = spare.claim.lastMust < its.due
  const isNotProlonged = wanted.claim.renewals.length === 0 || wanted.step.lasts === Number.POSITIVE_INFINITY
  return isAsLong && isAsEarly && isLeftAlone && isNotProlonged && canEndAsSoon(spare, its, wanted, other)
}

function canEndAsSoon(spare: Unheard, its: Progress, wanted: Unheard, other: Progress): boolean {
  const releases = wanted.claim.releases.filter(({ bit }) => (other.taken & bit) === 0n)
  if (releases.length === 0) return true
  const first = Math.max(its.state.now, Math.min(...releases.map(({ step }) => step.call)))
  return spare.claim.releases.some(
    ({ step, bit }) => (its.taken & bit) === 0n && step.call <= first && step.ret === Number.POSITIVE_INFINITY,
  )
}
