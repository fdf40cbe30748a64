import { isLeaseholdError, type Locks, semaphore } from '@leasehold/core'
import type { Bank, ChargeOutcome } from './bank.ts'

/** What the contract with the bank allows, over all servers of the sale. */
const AT_ONCE = 5

/** So many payments at once; the others wait, as long as a hold lasts. Who gets no permit in that time has not been charged. */
export function fewAtOnce(bank: Bank, locks: Locks, sale: string, waitMs: number): Bank {
  const permits = semaphore(locks, `${sale}:bank`, AT_ONCE, { autoRenew: true })
  return {
    async charge(card, amountCents) {
      const charged = permits.run({ waitMs }, () => bank.charge(card, amountCents))
      return charged.catch((error: unknown): Promise<ChargeOutcome> | ChargeOutcome => {
        // A quorum of Redis servers counts no permits: there, the bank takes what comes.
        if (isLeaseholdError(error, 'UNSUPPORTED')) return bank.charge(card, amountCents)
        throw error
      })
    },
  }
}
