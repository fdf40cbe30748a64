import type { Asking } from './asking.ts'

/** The signs of life of one session. */
export class Heartbeat {
  readonly #asking: Asking
  readonly #clockWasSet: () => void
  #renewal: Promise<number> | undefined
  /** The server may have been about to end the session, since its clock was set. The next renewal tells. */
  #doubt: Error | undefined

  constructor(asking: Asking, clockWasSet: () => void) {
    this.#asking = asking
    this.#clockWasSet = clockWasSet
  }

  /**
   * One for all that are renewed in the same turn of the event loop, with the timeout that holds when the last of them has asked. Resolves with when it was sent. Rejects if the server did not answer, and
   * once after its clock was set.
   */
  renew(timeoutMs: () => number): Promise<number> {
    this.#renewal ??= this.#nextRenewal(timeoutMs)
    return this.#renewal
  }

  /** Only that the server hears of the session. */
  async beat(timeoutMs: number): Promise<void> {
    const setMs = await this.#asking.beat(timeoutMs)
    if (setMs === 0) return
    this.#doubt = clockSet(setMs)
    this.#clockWasSet()
  }

  async #nextRenewal(timeoutMs: () => number): Promise<number> {
    await Promise.resolve()
    this.#renewal = undefined
    const sentMs = performance.now()
    await this.beat(timeoutMs())
    const doubt = this.#doubt
    this.#doubt = undefined
    if (doubt !== undefined) throw doubt
    return sentMs
  }
}

function clockSet(byMs: number): Error {
  const how = `${byMs > 0 ? 'forward' : 'back'} by ${(Math.abs(byMs) / 1000).toFixed(1)} s`
  return new Error(
    `the clock of the server was set ${how}, or this process stood still: it may end sessions early, or late`,
  )
}
