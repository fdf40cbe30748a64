import type { State } from './model.ts'
import { holderOf, provesHold, type Step } from './prepare.ts'

/** A step that may have taken effect, at some time, or never. */
export interface OptionalStep {
  readonly step: Step
  /** Its place among those that have taken effect. */
  readonly bit: bigint
}

/** The steps that had no answer, by what makes them worth a try. */
export class OptionalSteps {
  /** A renewal or a release, of use only where its claim has a hold. */
  readonly #ofHolder = new Map<string, OptionalStep[]>()
  readonly #anytime: OptionalStep[] = []
  /** Grants that nobody ever heard of, of use only where somebody was refused: they may take effect just before. */
  readonly #unheard: OptionalStep[] = []

  constructor(steps: readonly Step[]) {
    const proven = new Set(steps.filter((step) => step.must && provesHold(step)).map(holderOf))
    for (const [index, step] of steps.filter(({ must }) => !must).entries())
      this.#placeOf(step, proven).push({ step, bit: 1n << BigInt(index) })
  }

  /** Those that may take effect in this state, by `limit` at the latest. `refused`: somebody was, and nobody is in the way. */
  worthATry(state: State, taken: bigint, limit: number, refused: boolean): OptionalStep[] {
    const ofHolds = state.holds.flatMap(({ holder }) => this.#ofHolder.get(holder) ?? [])
    return [...ofHolds, ...this.#anytime, ...(refused ? this.#unheard : [])].filter(
      ({ step, bit }) => (taken & bit) === 0n && step.call <= limit && step.ret >= state.now,
    )
  }

  #placeOf(step: Step, proven: ReadonlySet<string>): OptionalStep[] {
    const { source, ret } = step
    if (source.type === 'clear') return this.#anytime
    if (source.type === 'acquire') {
      const isHeardOf = source.answer !== 'unknown' || ret < Number.POSITIVE_INFINITY || proven.has(source.holder)
      return isHeardOf ? this.#anytime : this.#unheard
    }
    const known = this.#ofHolder.get(source.holder) ?? []
    this.#ofHolder.set(source.holder, known)
    return known
  }
}
