import type { Attempt, PassedOver } from './attempt.ts'
import { type ClaimSteps, claimsOf, type OptionalStep } from './claims.ts'
import type { Hold } from './hold.ts'
import type { FaultKind, Refusal, State } from './model.ts'
import { holderOf, type Step } from './prepare.ts'
import { canStandFor, isUnheard, mayBeBesideOthers, type Progress, type Unheard, unheardOf } from './unheard.ts'

/** The steps that had no answer, by what makes them worth a try. */
export class OptionalSteps {
  readonly #must: readonly Step[]
  readonly #claims: ReadonlyMap<string, ClaimSteps>
  readonly #byBit: ReadonlyMap<bigint, OptionalStep>
  readonly #unheard: ReadonlyMap<bigint, Unheard>
  readonly #anytime: readonly OptionalStep[]

  constructor(steps: readonly Step[], must: readonly Step[]) {
    const optional = steps.filter((step) => !step.must).map((step, index) => ({ step, bit: 1n << BigInt(index) }))
    this.#must = must
    this.#claims = claimsOf(must, optional)
    this.#byBit = new Map(optional.map((each) => [each.bit, each]))
    const unheard = optional.filter(({ step }) => isUnheard(step))
    this.#unheard = new Map(unheard.map((each) => [each.bit, unheardOf(each, this.#claimOf(each.step))]))
    this.#anytime = optional.filter(
      ({ step }) => !isUnheard(step) && (step.source.type === 'clear' || step.source.type === 'acquire'),
    )
  }

  /**
   * Those that may take effect next, by `limit` at the latest, and could help one of those that were refused here. To let them take effect sooner than somebody needs it explains nothing more.
   */
  worthATry(progress: Progress, limit: number, refusals: readonly Refusal[]): OptionalStep[] {
    const { state, taken, due } = progress
    const may = ({ step, bit }: OptionalStep) => (taken & bit) === 0n && step.call <= limit && step.ret >= state.now
    const isMissed = missedIn(refusals)
    const unheard: Unheard[] = []
    for (const each of this.#unheard.values())
      if (
        may(each) &&
        (isMissed(each) || mayBeBesideOthers(each, due)) &&
        !unheard.some((other) => areAlike(each, other, progress))
      )
        unheard.push(each)
    const anytime = this.#anytime.filter(may)
    const needRoom = unheard.length + anytime.length > 0 ? state.holds : refusals.flatMap(({ inTheWay }) => inTheWay)
    return [...this.#ofHolds(state, needRoom).filter(may), ...anytime, ...unheard]
  }

  /** Renewals, and releases of those that are in the way. */
  #ofHolds({ holds }: State, inTheWay: readonly Hold[]): OptionalStep[] {
    return holds.flatMap((hold) => {
      const { renewals = [], releases = [] } = this.#claims.get(hold.holder) ?? {}
      const ends = inTheWay.includes(hold) ? releases : releases.filter(({ step }) => step.ret < FOREVER)
      return [...renewals, ...ends]
    })
  }

  /** Why the attempt comes to nothing, if the hold of a claim is over that a later answer tells of, and nothing is left that could have begun another. */
  endedTooSoon({ due, ahead, taken, state }: Attempt, before: State): PassedOver | undefined {
    for (const { holder } of before.holds) {
      const claim = this.#claims.get(holder)
      if (claim === undefined || state.holds.some((hold) => hold.holder === holder)) continue
      const isLeft = (index: number) => index >= due && !ahead.includes(index)
      const index = claim.proofs.find(isLeft)
      if (index === undefined || claim.grants.some(isLeft) || claim.acquires.some(({ bit }) => (taken & bit) === 0n))
        continue
      const step = this.#must[index] as Step
      const fault = step.source.type === 'renew' ? 'renewed-without-hold' : 'released-without-hold'
      return { index, refusal: { fault, step, beside: state.tokens.greatest.by, inTheWay: [] } }
    }
    return undefined
  }

  /** Whether what is left to the one can do all that what is left to the other can. */
  leavesAsMuch(one: Progress, other: Progress): boolean {
    if ((one.taken & ~other.taken) === 0n) return true
    const spare = bitsOf(other.taken & ~one.taken).flatMap((bit) => this.#unheard.get(bit) ?? [])
    return bitsOf(one.taken & ~other.taken).every((bit) => {
      const wanted = this.#unheard.get(bit)
      if (wanted === undefined) return this.#isOfNoUse(bit, one)
      const index = spare.findIndex((each) => canStandFor(each, one, wanted, other))
      return index >= 0 && spare.splice(index, 1).length > 0
    })
  }

  /** A renewal or a release of a claim that has no hold, and will have none. */
  #isOfNoUse(bit: bigint, { state, taken, due }: Progress): boolean {
    const { step } = this.#byBit.get(bit) as OptionalStep
    if (step.source.type !== 'renew' && step.source.type !== 'release') return false
    const { acquires, lastMust } = this.#claimOf(step)
    const isHeld = state.holds.some(({ holder }) => holder === holderOf(step))
    return !isHeld && lastMust < due && acquires.every((acquire) => (taken & acquire.bit) !== 0n)
  }

  #claimOf(step: Step): ClaimSteps {
    return this.#claims.get(holderOf(step)) as ClaimSteps
  }
}

const FOREVER = Number.POSITIVE_INFINITY

/** Whether a hold of which nothing is known could have been in the way of somebody, or be the one that somebody was told of. */
function missedIn(refusals: readonly Refusal[]): (each: Unheard) => boolean {
  const missed = refusals.filter(({ fault }) => MISSED.has(fault))
  if (missed.some(({ fault }) => fault === 'refused-while-free')) return () => true
  const holders = new Set(missed.map(({ step }) => holderOf(step)))
  return ({ step }) => holders.has(holderOf(step))
}

const MISSED: ReadonlySet<FaultKind> = new Set(['refused-while-free', 'renewed-without-hold', 'released-without-hold'])

const areAlike = (one: Unheard, other: Unheard, progress: Progress): boolean =>
  canStandFor(one, progress, other, progress) && canStandFor(other, progress, one, progress)

function bitsOf(mask: bigint): bigint[] {
  const bits: bigint[] = []
  for (let rest = mask; rest !== 0n; rest &= rest - 1n) bits.push(rest & -rest)
  return bits
}
