import type { StrategyName } from './strategies/index.ts'

/** One sale, as every server process of it is told. Plain data: it is sent from process to process. Durations in milliseconds. */
export interface Sale {
  /** A name that no other sale has: sales on one lock server must not meet. */
  readonly name: string
  readonly strategy: StrategyName
  /** Whoever has it may see who holds what, and take it back. */
  readonly operatorKey: string
  /** How many seats of the hall are on sale, from the first row on. Left out: all. */
  readonly seats?: number
  readonly holdMs: number
  readonly sweepMs: number
  /** How long a checkout stands still that is frozen on purpose: longer than a hold lasts. */
  readonly freezeMs: number
  readonly bank: BankTerms
}

export interface BankTerms {
  /** How long a charge takes. */
  readonly delayMs: number
  /** How long it takes for the card that is slow. */
  readonly slowMs: number
  /** Share of charges that fail for no reason of the customer's, from 0 to 1. */
  readonly failureRate: number
}
