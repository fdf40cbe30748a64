import type { Books } from '../back-office/books.ts'
import type { StrategyName } from '../strategies/index.ts'

/** What every strategy goes through in the same way. */
export interface Contest {
  readonly customers: number
  /** How many are on sale. Left out: the whole hall. */
  readonly seats?: number
  /** How many checkouts stand still between looking and writing: with their whole server process, where there are several. */
  readonly frozen: number
  readonly holdMs: number
  /** For how long they stand still: longer than their lease lasts. */
  readonly freezeMs: number
  /** They go on as soon as somebody else has bought their seat, and after `freezeMs` at the latest. */
  readonly untilSold?: boolean
}

export interface Where {
  readonly nodes: number
  readonly locks: string
  readonly database: string
}

/** What the customers saw. */
export interface Traffic {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly holds: number
  readonly holdP50Ms: number
  readonly holdP99Ms: number
  /** Answers, by code, that no customer should have met. "Seat taken" is none of them. */
  readonly errors: Readonly<Record<string, number>>
  /** What a freeze did to those whose checkout, or whose server, was in it. */
  readonly errorsInFreeze: Readonly<Record<string, number>>
}

export interface Result extends Books, Traffic {
  readonly strategy: StrategyName
}

/** Strategies that promise to sell no seat twice. */
export const SAFE: ReadonlySet<StrategyName> = new Set<StrategyName>(['row-lock', 'fenced-lease'])
