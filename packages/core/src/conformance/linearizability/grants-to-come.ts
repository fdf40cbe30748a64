import type { Attempt, PassedOver } from './attempt.ts'
import type { HoldTold } from './operation.ts'
import { holderOf, type Step } from './prepare.ts'
import { markBefore } from './tokens.ts'

/** Grants that an attempt has not explained yet. Their tokens are greater than all before, or they never can be. */
export class GrantsToCome {
  readonly #must: readonly Step[]
  /** For each step that must be explained, the smallest token that is granted by it or by a later one. */
  readonly #smallest: readonly (bigint | undefined)[]

  constructor(must: readonly Step[]) {
    this.#must = must
    const smallest: (bigint | undefined)[] = []
    for (let index = must.length - 1; index >= 0; index -= 1) {
      const token = grantOf(must[index] as Step)?.fencingToken
      const after = smallest[index + 1]
      smallest[index] = token === undefined || (after !== undefined && after < token) ? after : token
    }
    this.#smallest = smallest
  }

  /** Why the attempt comes to nothing, if it has let somebody in before one whose token is smaller. */
  passedOver({ due, ahead, state }: Attempt): PassedOver | undefined {
    const { token: greatest } = state.tokens.greatest
    for (let index = due; index < this.#must.length; index += 1) {
      const smallest = this.#smallest[index]
      if (smallest === undefined || smallest > greatest) return undefined
      const step = this.#must[index] as Step
      const beside = ahead.includes(index) ? undefined : grantedBefore(step, state)
      if (beside !== undefined) return { index, refusal: { fault: 'token-not-greater', step, beside, inTheWay: [] } }
    }
    return undefined
  }
}

function grantOf({ source }: Step): HoldTold | undefined {
  return source.type === 'acquire' && typeof source.answer === 'object' ? source.answer : undefined
}

/** What was granted a greater token. A claim that has a hold may only have been told once more. */
function grantedBefore(step: Step, { tokens, holds }: Attempt['state']): Step | undefined {
  const { source } = step
  const grant = grantOf(step)
  if (grant === undefined || source.type !== 'acquire' || holds.some(({ holder }) => holder === holderOf(step)))
    return undefined
  const mark = markBefore(tokens, { share: source.share, slots: grant.slots ?? [] })
  return mark.token >= grant.fencingToken ? mark.by : undefined
}
