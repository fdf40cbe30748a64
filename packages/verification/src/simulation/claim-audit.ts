import type { Claim } from '@leasehold/core'
import type { ReportViolation } from './violation.ts'

interface Account {
  readonly claim: Claim
  readonly process: string
  /** Attempts to acquire that were sent and not answered, or failed. */
  open: number
  leased: boolean
  /** Left by an attempt that may have taken effect; paid by a release that is sent after it. */
  debt: 'unknown' | 'granted' | undefined
}

/**
 * S6 and S7: whatever may have been granted becomes a lease, or is given back by a release that is sent afterwards. So is a grant
 * that arrives when its lease has come and gone: a delayed request may have taken the key anew.
 *
 * This looks at what the engine sent, not at what became of it: a release may get lost, too, and then the TTL ends the hold.
 */
export class ClaimAudit {
  readonly #report: ReportViolation
  readonly #nameOf: (holder: string) => string
  readonly #accounts = new Map<string, Account>()
  readonly #closed = new Set<string>()

  /** `nameOf`: how the timeline calls a holder. */
  constructor(report: ReportViolation, nameOf: (holder: string) => string) {
    this.#report = report
    this.#nameOf = nameOf
  }

  /** An acquire, or a wait that may bring the grant, leaves the process. */
  sent(process: string, claim: Claim): void {
    const account = this.#accounts.get(claim.holder) ?? { claim, process, open: 0, leased: false, debt: undefined }
    this.#accounts.set(claim.holder, account)
    account.open += 1
    if (!account.leased) account.debt ??= 'unknown'
  }

  /** The process has read the answer. */
  answered({ holder }: Claim, granted: boolean): void {
    const account = this.#accounts.get(holder)
    if (account === undefined) return
    account.open -= 1
    if (granted && !account.leased && !this.#closed.has(account.process)) account.debt = 'granted'
    if (!granted && account.open === 0 && account.debt === 'unknown') account.debt = undefined
  }

  /** The claim has become a lease. */
  leased(holder: string): void {
    const account = this.#accounts.get(holder)
    if (account === undefined) return
    account.leased = true
    account.debt = undefined
  }

  /** A release leaves the process. Tells what it gives back. */
  released(claim: Claim): Account['debt'] {
    const paid = this.#accounts.get(claim.holder)?.debt
    this.#settle(claim)
    return paid
  }

  /** The server says that the claim does not hold the key. */
  gone(claim: Claim): void {
    this.#settle(claim)
  }

  /** The claim is another process's now: to give back what arrives late would end the lease over there. */
  handedOff(holder: string): void {
    this.#accounts.delete(holder)
  }

  /** The process has closed its backend: what it reads now it cannot act on. */
  closed(process: string): void {
    this.#closed.add(process)
  }

  /** A process that dies owes nothing: the server's TTL pays. */
  died(process: string): void {
    for (const [holder, account] of this.#accounts) if (account.process === process) this.#accounts.delete(holder)
  }

  finish(): void {
    for (const { debt, claim, process } of this.#accounts.values()) {
      const who = `${process}${this.#nameOf(claim.holder)}`
      if (debt === 'unknown')
        this.#report('S6', `${who} left an acquire of unknown outcome on ${claim.key} uncompensated`)
      if (debt === 'granted')
        this.#report('S7', `${who} got ${claim.key} granted, gave it to nobody and never gave it back`)
    }
  }

  #settle({ holder }: Claim): void {
    const account = this.#accounts.get(holder)
    if (account === undefined) return
    account.leased = false
    account.debt = undefined
  }
}
