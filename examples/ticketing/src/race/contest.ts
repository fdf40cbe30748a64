import type { StrategyName } from '../strategies/index.ts'

/** What every strategy goes through in the same way. */
export interface Contest {
  readonly customers: number
  /** How many checkouts stand still between looking and writing. */
  readonly frozen: number
  readonly holdMs: number
  /** For how long they stand still: longer than their lease lasts. */
  readonly freezeMs: number
}

/** What the books say when the sale is over. Counted from the ledger of tickets and from the holds, never inferred. */
export interface Books {
  readonly seatsSold: number
  readonly seatsSoldTwice: number
  readonly staleWritesRefused: number
  readonly holdsExpired: number
  readonly paymentsRefunded: number
}

/** What the customers saw. */
export interface Traffic {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Result extends Books, Traffic {
  readonly strategy: StrategyName
}

/** Strategies that promise to sell no seat twice. */
export const SAFE: ReadonlySet<StrategyName> = new Set<StrategyName>(['row-lock', 'fenced-lease'])
