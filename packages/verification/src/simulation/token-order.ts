import type { ReportViolation } from './violation.ts'

/**
 * S4 as callers see it: if one acquire returned before another was invoked, its token is the smaller one. Excused is a lease on a hold that the server has forgotten, and that its process passed
 * on: it lives on as the one before it would have, and is fenced off like that.
 */
export class TokenOrder {
  readonly #report: ReportViolation
  readonly #excused: (key: string, token: bigint) => boolean
  readonly #highestReturned = new Map<string, bigint>()

  constructor(report: ReportViolation, excused: (key: string, token: bigint) => boolean = () => false) {
    this.#report = report
    this.#excused = excused
  }

  /** Call before the acquire is invoked; call the result with the token that it returned. */
  invoke(key: string): (token: bigint) => void {
    const before = this.#highestReturned.get(key)
    return (token) => {
      if (before !== undefined && token <= before && !this.#excused(key, token))
        this.#report(
          'S4',
          `${key}: an acquire returned token ${token}, though ${before} had been returned before it was invoked`,
        )
      const highest = this.#highestReturned.get(key)
      if (highest === undefined || token > highest) this.#highestReturned.set(key, token)
    }
  }
}
