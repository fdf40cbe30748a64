import type { Claim } from '@leasehold/core'
import type { ReportViolation } from './violation.ts'

interface Account {
  readonly key: string
  readonly process: string
  /** Attempts to acquire that were sent and not answered. */
  open: number
  /** Set by an attempt that may have taken effect; cleared by a release that was sent after it. */
  debt: 'unknown' | 'granted' | undefined
}

/**
 * S6 and S7: whatever may have been granted becomes a lease, or is given back by a release that is sent afterwards.
 *
 * This looks at what the engine sent, not at what became of it: a release may get lost, too, and then the TTL ends the hold.
 */
export class ClaimAudit {
  readonly #report: ReportViolation
  readonly #accounts = new Map<string, Account>()
  readonly #lapsed = new Set<string>()

  constructor(report: ReportViolation) {
    this.#report = report
  }

  /** An acquire, or a wait that may bring the grant, leaves the process. */
  sent(process: string, claim: Claim): void {
    const account = this.#accounts.get(claim.holder) ?? { key: claim.key, process, open: 0, debt: undefined }
    this.#accounts.set(claim.holder, account)
    account.open += 1
    account.debt ??= 'unknown'
  }

  /** The process has read the answer. */
  answered(claim: Claim, granted: boolean): void {
    const account = this.#accounts.get(claim.holder)
    if (account === undefined) return
    account.open -= 1
    if (granted) account.debt = 'granted'
    else if (account.open === 0 && account.debt === 'unknown' && !this.#lapsed.has(claim.holder)) account.debt = undefined
  }

  /** The attempt ended without an answer: it may take effect at any time. */
  lapsed(claim: Claim): void {
    this.#lapsed.add(claim.holder)
  }

  /** Tells what the release gives back. */
  released(claim: Claim): 'unknown' | 'granted' | undefined {
    const account = this.#accounts.get(claim.holder)
    const paid = account?.debt
    if (account !== undefined) account.debt = undefined
    this.#lapsed.delete(claim.holder)
    return paid
  }

  /** The claim has become a lease, whose end other rules look after. */
  leased(holder: string): void {
    this.#accounts.delete(holder)
  }

  /** A process that dies owes nothing: the server's TTL pays. */
  died(process: string): void {
    for (const [holder, account] of this.#accounts) if (account.process === process) this.#accounts.delete(holder)
  }

  finish(): void {
    for (const { debt, key, process } of this.#accounts.values()) {
      if (debt === 'unknown') this.#report('S6', `${process} left an acquire of unknown outcome on ${key} uncompensated`)
      if (debt === 'granted') this.#report('S7', `${process} got ${key} granted, gave it to nobody and never gave it back`)
    }
  }
}
