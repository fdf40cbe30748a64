import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Fleet } from '../src/fleet/fleet.ts'
import type { Contest } from '../src/race/contest.ts'
import { runSale } from '../src/race/run.ts'
import { type Stage, setStage } from '../src/stage/stage.ts'
import type { StrategyName } from '../src/strategies/index.ts'

vi.setConfig({ testTimeout: 90_000 })

// More customers than seats: somebody is always left who wants what a frozen checkout lets go.
const CONTEST: Contest = { customers: 270, frozen: 3, holdMs: 1000, freezeMs: 3000 }

let fleet: Fleet
let stage: Stage
const sell = (strategy: StrategyName) => runSale(fleet, stage, strategy, CONTEST, () => {})

beforeAll(async () => {
  stage = await setStage({ nodes: 1, with: undefined, locks: undefined, database: undefined })
  fleet = await Fleet.start({ count: 1 })
})
afterAll(() => fleet[Symbol.asyncDispose]())

test('without a lock, seats are sold twice', async () => {
  expect((await sell('no-lock')).seatsSoldTwice).toBeGreaterThan(0)
})

test('with row locks, no seat is sold twice, and customers pay in vain', async () => {
  const result = await sell('row-lock')
  expect(result.seatsSoldTwice).toBe(0)
  expect(result.paymentsRefunded).toBeGreaterThan(0)
})

test('with leases that nobody checks, a frozen checkout sells a seat a second time', async () => {
  expect((await sell('lease')).seatsSoldTwice).toBeGreaterThan(0)
})

test('with fenced leases, the frozen checkouts are refused and no seat is sold twice', async () => {
  const result = await sell('fenced-lease')
  expect(result.seatsSoldTwice).toBe(0)
  expect(result.staleWritesRefused).toBeGreaterThan(0)
  expect(result.holdsExpired).toBeGreaterThanOrEqual(CONTEST.frozen)
})
