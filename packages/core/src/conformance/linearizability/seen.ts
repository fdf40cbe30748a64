import type { Attempt } from './attempt.ts'
import type { Hold } from './hold.ts'
import type { OptionalSteps } from './optional-steps.ts'
import { noGreater } from './tokens.ts'

/** What has been tried. An attempt that could do nothing that another one could not is not tried again. */
export class Seen {
  readonly #attempts = new Map<string, Attempt[]>()
  readonly #optional: OptionalSteps

  constructor(optional: OptionalSteps) {
    this.#optional = optional
  }

  isNew(attempt: Attempt): boolean {
    const name = nameOf(attempt)
    const alike = this.#attempts.get(name)
    if (alike === undefined) {
      this.#attempts.set(name, [attempt])
      return true
    }
    if (alike.some((other) => this.#canDoAsMuch(other, attempt))) return false
    alike.push(attempt)
    return true
  }

  #canDoAsMuch(one: Attempt, other: Attempt): boolean {
    return (
      one.state.now <= other.state.now &&
      noGreater(one.state.tokens, other.state.tokens) &&
      one.state.holds.every((hold, index) => lastsAsMuch(hold, other.state.holds[index] as Hold)) &&
      this.#optional.leavesAsMuch(one, other)
    )
  }
}

/** Those of one name have explained the same, and differ in times, tokens, and what else has taken effect. */
const nameOf = ({ due, ahead, state }: Attempt): string =>
  `${due} ${ahead.join()} ${state.holds.map(nameOfHold).join(' ')}`

const nameOfHold = ({ holder, slots, token, above, lastToken, unbounded }: Hold): string =>
  `${JSON.stringify(holder)} ${slots.join()} ${token ?? `>${above}`} ${lastToken} ${unbounded}`

const lastsAsMuch = (one: Hold, other: Hold): boolean => one.earliest <= other.earliest && one.latest >= other.latest
