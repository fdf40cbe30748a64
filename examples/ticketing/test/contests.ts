import { expect } from 'vitest'
import type { Fleet } from '../src/fleet/fleet.ts'
import type { Contest, Result } from '../src/race/contest.ts'
import { runSale } from '../src/race/run.ts'
import type { Stage } from '../src/stage/stage.ts'
import type { StrategyName } from '../src/strategies/index.ts'
import { onThisMachine } from './slowness.ts'

// Few seats and more customers: all others are gone soon, and somebody is left who wants what a frozen checkout lets go. It goes on when he has it.
export const CONTEST: Contest = { customers: 36, seats: 18, frozen: 1, holdMs: 2000, freezeMs: 60_000, untilSold: true }

/** Of the strategies that set nothing aside, all would be sold before the checkout that is to freeze has paid. */
export const LONGER: Contest = { ...CONTEST, customers: 80, seats: 60 }

/** With a row lock, nobody else has a seat whose sale stands still. */
export const WITH_ROW_LOCKS: Contest = { ...LONGER, freezeMs: 2500 }

export interface Shop {
  readonly fleet: Fleet
  readonly stage: Pick<Stage, 'database' | 'locks'>
}

export async function sell({ fleet, stage }: Shop, strategy: StrategyName, contest: Contest): Promise<Result> {
  const holdMs = await onThisMachine(contest.holdMs)
  return runSale(fleet, stage, strategy, { ...contest, holdMs }, () => {})
}

export async function sellSafely(shop: Shop, strategy: StrategyName, contest: Contest): Promise<Result> {
  const result = await sell(shop, strategy, contest)
  expect(result).toMatchObject({ seatsSold: contest.seats, seatsSoldTwice: 0, errors: {} })
  return result
}
