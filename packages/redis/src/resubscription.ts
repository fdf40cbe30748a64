/** A subscription that has just been made anew and is not seen is one that the server cannot see. */
const JUST_NOW_MS = 60_000

/** Whether a subscription that the server does not see is to be made anew. */
export class Resubscription {
  #since = 0
  #latestMs = Number.NEGATIVE_INFINITY

  /** Which subscription is looked for now. */
  get since(): number {
    return this.#since
  }

  /** `undefined`: what was not seen is not this one, but one before. */
  isOfUse(since: number): boolean | undefined {
    if (since !== this.#since) return undefined
    this.#since += 1
    const now = performance.now()
    const isOfUse = now - this.#latestMs > JUST_NOW_MS
    this.#latestMs = now
    return isOfUse
  }
}
