import type { ReportViolation } from './violation.ts'

/** What is known of a token's grant. */
export interface GrantsByToken {
  /** Of a lease of permits; none for any other. */
  slotsOf(key: string, token: bigint): readonly number[]
  isExcused(key: string, token: bigint): boolean
}

const NO_SLOT = -1

/**
 * S4 as callers see it: if one acquire returned before another was invoked, its token is the smaller one. Permits are fenced by their slots, and other permits have others: theirs may be greater.
 * Excused is a lease on a hold that the server has forgotten, and that its process passed on: it lives on as the one before it would have, and is fenced off like that.
 */
export class TokenOrder {
  readonly #report: ReportViolation
  readonly #grants: GrantsByToken
  /** Of each key and slot. */
  readonly #highestReturned = new Map<string, ReadonlyMap<number, bigint>>()

  constructor(report: ReportViolation, grants: GrantsByToken = { slotsOf: () => [], isExcused: () => false }) {
    this.#report = report
    this.#grants = grants
  }

  /** Call before the acquire is invoked; call the result with the token that it returned. */
  invoke(key: string): (token: bigint) => void {
    const returned = this.#highestReturned.get(key)
    return (token) => {
      const slots = this.#grants.slotsOf(key, token)
      const rivals = [...(returned ?? [])].filter(
        ([slot]) => slots.length === 0 || slot === NO_SLOT || slots.includes(slot),
      )
      const before = rivals.find(([, other]) => other >= token)
      if (before !== undefined && !this.#grants.isExcused(key, token))
        this.#report(
          'S4',
          `${key}: an acquire returned token ${token}, though ${before[1]} had been returned before it was invoked`,
        )
      this.#note(key, token, slots.length === 0 ? [NO_SLOT] : slots)
    }
  }

  #note(key: string, token: bigint, slots: readonly number[]): void {
    const highest = new Map(this.#highestReturned.get(key))
    for (const slot of slots) {
      const last = highest.get(slot)
      if (last === undefined || token > last) highest.set(slot, token)
    }
    this.#highestReturned.set(key, highest)
  }
}
