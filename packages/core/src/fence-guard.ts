import { LeaseholdError } from './errors.ts'

/**
 * Refuses writes that come with a fencing token older than one already accepted for the same resource.
 *
 * For resources that live in this process. Anywhere else the same comparison belongs into the resource, in the same atomic
 * step as the write: see docs/fencing.md. Remembers one token per resource; forget those that can no longer be written.
 * Rule: M. Kleppmann, "How to do distributed locking" (2016).
 */
export class FenceGuard {
  readonly #highest = new Map<string, bigint>()

  /**
   * Accepts the token, or throws `STALE_TOKEN`. Equal tokens pass: they are writes of one and the same lease.
   * Write in the same synchronous step: after an `await`, a newer token may have passed.
   */
  check(resource: string, fencingToken: bigint): void {
    if (typeof fencingToken !== 'bigint') throw new TypeError('fencingToken must be a bigint')
    const highest = this.#highest.get(resource) ?? fencingToken
    if (fencingToken < highest) {
      throw new LeaseholdError(
        'STALE_TOKEN',
        `stale fencing token ${fencingToken} for "${resource}": ${highest} was accepted`,
        {
          key: resource,
        },
      )
    }
    this.#highest.set(resource, fencingToken)
  }

  /** Drops what is remembered of a resource that will never be written again. */
  forget(resource: string): void {
    this.#highest.delete(resource)
  }
}
