import { type Clock, systemClock } from './clock.ts'
import type { Advice, Claim, Core } from './contract.ts'

/** Stands, inside a backend, for the core that it is attached to later, so that its parts can be built around it. Until then, and from `detach` on, there is a clock, and nobody to tell. */
export class Attachment implements Core {
  readonly clock: Clock
  #core: Core | undefined

  /** `clock`: until core brings its own. Default: the system's. */
  constructor(clock: Clock = systemClock) {
    this.clock = {
      now: () => (this.#core?.clock ?? clock).now(),
      setTimer: (delayMs, fire) => (this.#core?.clock ?? clock).setTimer(delayMs, fire),
    }
  }

  attach(core: Core): void {
    this.#core = core
  }

  detach(): void {
    this.#core = undefined
  }

  lost(claim: Claim, why?: string): void {
    this.#core?.lost(claim, why)
  }

  advise(advice: Advice): void {
    this.#core?.advise(advice)
  }
}
