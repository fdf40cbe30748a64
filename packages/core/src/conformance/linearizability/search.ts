import type { Attempt } from './attempt.ts'
import type { OptionalStep } from './claims.ts'
import { GrantsToCome } from './grants-to-come.ts'
import { apply, beginning, isRefusal, type Refusal, type State } from './model.ts'
import { OptionalSteps } from './optional-steps.ts'
import { isRead, type Step } from './prepare.ts'
import { Seen } from './seen.ts'

export type Found =
  | { readonly verdict: 'explained' }
  | { readonly verdict: 'undecided' }
  /** No attempt came further than to this step, for this reason. */
  | { readonly verdict: 'unexplained'; readonly due: Step; readonly refusal: Refusal }

/**
 * Looks for an order of the steps of one key in which each lies between its call and its return, and the model gives the answers that were given: Wing and Gong's search ("Testing and verifying concurrent
 * objects", 1993), with Lowe's memory of what has been tried ("Testing for linearizability", 2017).
 */
export function search(steps: readonly Step[], mostSteps: number): Found {
  return new Search(steps).run(mostSteps)
}

const FOREVER = Number.POSITIVE_INFINITY

class Search {
  readonly #must: readonly Step[]
  /** For each that must be explained, those that return later, and may come before it. */
  readonly #overlapping: readonly (readonly number[])[]
  readonly #grants: GrantsToCome
  readonly #optional: OptionalSteps
  readonly #seen: Seen
  /** Nothing is over at some time for certain, so that it costs nothing to let time go by. */
  readonly #isTimeless: boolean
  #furthest = -1
  #refusal: Refusal | undefined

  constructor(steps: readonly Step[]) {
    this.#must = steps.filter(({ must }) => must).sort((a, b) => a.ret - b.ret)
    this.#overlapping = overlapping(this.#must)
    this.#grants = new GrantsToCome(this.#must)
    this.#isTimeless = steps.every(({ must, ret, lasts }) => lasts === FOREVER && (must || ret === FOREVER))
    this.#optional = new OptionalSteps(steps, this.#must)
    this.#seen = new Seen(this.#optional)
  }

  run(mostSteps: number): Found {
    const first: Attempt = { due: 0, ahead: [], taken: 0n, state: beginning }
    const stack = [{ attempt: first, further: this.#after(first) }]
    if (this.#must.length === 0) return { verdict: 'explained' }
    for (let steps = 0; steps < mostSteps; steps += 1) {
      const last = stack.at(-1)
      if (last === undefined) return this.#unexplained()
      const next = last.further.next()
      if (next.done === true) stack.pop()
      else if (next.value.due === this.#must.length) return { verdict: 'explained' }
      else if (this.#isWorthwhile(next.value, last.attempt))
        stack.push({ attempt: next.value, further: this.#after(next.value) })
    }
    return { verdict: 'undecided' }
  }

  #isWorthwhile(attempt: Attempt, before: Attempt): boolean {
    const over = this.#grants.passedOver(attempt) ?? this.#optional.endedTooSoon(attempt, before.state)
    if (over !== undefined) this.#note(over.index, over.refusal)
    return over === undefined && this.#seen.isNew(attempt)
  }

  #unexplained(): Found {
    const due = this.#must[this.#furthest]
    if (due === undefined || this.#refusal === undefined) throw new Error('a search without an attempt')
    return { verdict: 'unexplained', due, refusal: this.#refusal }
  }

  /** The attempts that come one step further. What is due comes first: in a history without a fault that is mostly right. */
  *#after(attempt: Attempt): Generator<Attempt, void> {
    const { ret: limit } = this.#must[attempt.due] as Step
    const candidates = this.#candidates(attempt)
    const idle = this.#changingNothing(attempt, candidates)
    if (idle !== undefined) return yield idle
    const refusals: Refusal[] = []
    for (const index of candidates) {
      const outcome = apply(attempt.state, this.#must[index] as Step)
      if (isRefusal(outcome)) refusals.push(outcome)
      else yield* this.#explained(attempt, index, within(limit, outcome))
    }
    this.#note(
      attempt.due,
      refusals.find(({ step }) => step === this.#must[attempt.due]),
    )
    for (const optional of this.#optional.worthATry(attempt, limit, refusals)) yield* took(attempt, optional, limit)
  }

  /** An answer that changes nothing may come first as well as later: there is no need to try both. */
  #changingNothing(attempt: Attempt, candidates: readonly number[]): Attempt | undefined {
    const before = attempt.state
    for (const index of candidates) {
      const step = this.#must[index] as Step
      const outcome = isRead(step.source) ? apply(before, step) : []
      const [state] = isRefusal(outcome) ? [] : outcome
      const isIdle = state?.holds === before.holds && (state.now === before.now || this.#isTimeless)
      if (state !== undefined && isIdle) return this.#explained(attempt, index, [state])[0]
    }
    return undefined
  }

  #candidates({ due, ahead }: Attempt): number[] {
    return [due, ...(this.#overlapping[due] ?? []).filter((index) => !ahead.includes(index))]
  }

  #explained({ due, ahead, taken }: Attempt, index: number, states: readonly State[]): Attempt[] {
    if (index !== due) {
      const further = [...ahead, index].sort((a, b) => a - b)
      return states.map((state) => ({ due, ahead: further, taken, state }))
    }
    let next = due + 1
    while (ahead.includes(next)) next += 1
    return states.map((state) => ({ due: next, ahead: ahead.filter((each) => each > next), taken, state }))
  }

  /** No attempt explains this one: none came further, or it had left it behind. */
  #note(due: number, refusal: Refusal | undefined): void {
    if (due <= this.#furthest || refusal === undefined) return
    this.#furthest = due
    this.#refusal = refusal
  }
}

function took(attempt: Attempt, { step, bit }: OptionalStep, limit: number): Attempt[] {
  const outcome = apply(attempt.state, step)
  if (isRefusal(outcome)) return []
  return within(limit, outcome).map((state) => ({ ...attempt, taken: attempt.taken | bit, state }))
}

/** What is due returned then: nothing that comes before it is later. */
const within = (limit: number, states: readonly State[]): readonly State[] => states.filter(({ now }) => now <= limit)

function overlapping(must: readonly Step[]): number[][] {
  const called = must.map((_, index) => index).sort((a, b) => (must[a] as Step).call - (must[b] as Step).call)
  let open: number[] = []
  let next = 0
  return must.map(({ ret }, due) => {
    for (; next < called.length && (must[called[next] as number] as Step).call <= ret; next += 1)
      open.push(called[next] as number)
    open = open.filter((index) => index > due).sort((a, b) => a - b)
    return [...open]
  })
}
