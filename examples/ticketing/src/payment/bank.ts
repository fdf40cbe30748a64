import { setTimeout as pause } from 'node:timers/promises'
import type { BankTerms } from '../sale.ts'
import { type Card, endingOf } from './card.ts'

export type ChargeOutcome = 'taken' | 'declined' | 'unreachable'

/** Whoever moves the money. */
export interface Bank {
  charge(card: Card, amountCents: number): Promise<ChargeOutcome>
}

/** No money moves. Each of these cards does what its name says, every time; any other pays, mostly. */
export const TEST_CARDS = {
  pays: '4242424242424242',
  declined: '4000000000000002',
  slowerThanTheHold: '4000000000000408',
  freezesTheCheckout: '4000000000000119',
} as const

export function simulatedBank({ delayMs, slowMs, failureRate }: BankTerms): Bank {
  return {
    async charge(card) {
      await pause(card === TEST_CARDS.slowerThanTheHold ? slowMs : delayMs)
      if (card === TEST_CARDS.declined) return 'declined'
      return Math.random() < failureRate && !isTestCard(card) ? 'unreachable' : 'taken'
    },
  }
}

interface Paid {
  readonly seats: readonly string[]
  readonly cardEnding: string | null
}

/** Lets the checkout of one test card stand still, where a strategy has looked and not yet written. */
export const freezing = (standStill: (seats: readonly string[]) => Promise<void>) => async (paid: Paid) => {
  if (paid.cardEnding === endingOf(TEST_CARDS.freezesTheCheckout)) await standStill(paid.seats)
}

const isTestCard = (card: Card): boolean => Object.values<string>(TEST_CARDS).includes(card)
