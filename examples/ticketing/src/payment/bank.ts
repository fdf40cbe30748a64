import { type Card, endingOf } from './card.ts'

export type ChargeOutcome = 'taken' | 'declined' | 'unreachable'

/** Whoever moves the money. */
export interface Bank {
  charge(card: Card, amountCents: number): Promise<ChargeOutcome>
}

export interface SimulatedBankOptions {
  /** How long a charge takes. */
  readonly delayMs: number
  /** How long it takes for the card that is slow. */
  readonly slowMs: number
  /** Share of charges that fail for no reason of the customer's, from 0 to 1. */
  readonly failureRate: number
  readonly random: () => number
}

/** No money moves. Each of these cards does what its name says, every time; any other pays, mostly. */
export const TEST_CARDS = {
  pays: '4242424242424242',
  declined: '4000000000000002',
  slowerThanTheHold: '4000000000000408',
  freezesTheCheckout: '4000000000000119',
} as const

export function simulatedBank({ delayMs, slowMs, failureRate, random }: SimulatedBankOptions): Bank {
  return {
    async charge(card) {
      await pause(card === TEST_CARDS.slowerThanTheHold ? slowMs : delayMs)
      if (card === TEST_CARDS.declined) return 'declined'
      return random() < failureRate && !isTestCard(card) ? 'unreachable' : 'taken'
    },
  }
}

/** Lets the checkout of one test card stand still, where a strategy has looked and not yet written. */
export const freezing = (freezeMs: number) => async (cardEnding: string) => {
  if (cardEnding === endingOf(TEST_CARDS.freezesTheCheckout)) await pause(freezeMs)
}

const isTestCard = (card: Card): boolean => Object.values<string>(TEST_CARDS).includes(card)

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
