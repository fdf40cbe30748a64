import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Fleet } from '../src/fleet/fleet.ts'
import type { Contest } from '../src/race/contest.ts'
import { runSale } from '../src/race/run.ts'
import { type DatabaseService, type ServiceName, startService } from '../src/stage/services.ts'
import { type Stage, setStage } from '../src/stage/stage.ts'
import type { StrategyName } from '../src/strategies/index.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

// Few seats and more customers: all others are gone soon, and somebody is left who wants what a frozen checkout lets go.
const CONTEST: Contest = { customers: 36, seats: 18, frozen: 1, holdMs: 2000, freezeMs: 7000 }

/** Of the strategies that set nothing aside, all would be sold before the checkout that is to freeze has paid. */
const LONGER: Contest = { ...CONTEST, customers: 80, seats: 60 }

let fleet: Fleet
let stage: Stage
let contest = CONTEST
const sell = (strategy: StrategyName) => runSale(fleet, stage, strategy, contest, () => {})

async function isSafe(strategy: StrategyName) {
  const result = await sell(strategy)
  expect(result).toMatchObject({ seatsSold: contest.seats, seatsSoldTwice: 0, errors: {} })
  return result
}

describe('one server process', () => {
  beforeAll(async () => {
    contest = LONGER
    stage = await setStage({ nodes: 1, with: undefined, locks: undefined, database: undefined })
    fleet = await Fleet.start({ count: 1 })
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  test('without a lock, seats are sold twice', async () => {
    expect((await sell('no-lock')).seatsSoldTwice).toBeGreaterThan(0)
  })

  test('with row locks, no seat is sold twice, and customers pay in vain', async () => {
    expect((await isSafe('row-lock')).paymentsRefunded).toBeGreaterThan(0)
  })

  test('with leases that nobody checks, a frozen checkout sells a seat a second time', async () => {
    expect((await sell('lease')).seatsSoldTwice).toBeGreaterThan(0)
  })

  test('with fenced leases, the frozen checkouts are refused and no seat is sold twice', async () => {
    const result = await isSafe('fenced-lease')
    expect(result.staleWritesRefused).toBeGreaterThan(0)
    expect(result.holdsExpired).toBeGreaterThanOrEqual(contest.frozen)
  })
})

describe('three server processes, of which some are stopped by SIGSTOP', () => {
  let postgres: DatabaseService

  beforeAll(async () => {
    contest = CONTEST
    ;[postgres, fleet] = await Promise.all([startService('postgres', { own: true }), Fleet.start({ count: 3 })])
  })
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    await postgres?.stop()
  })

  describe.each(['redis', 'postgres', 'etcd'] satisfies ServiceName[])('locks in %s', (kind) => {
    beforeAll(async () => {
      stage = await setStage({
        nodes: 3,
        with: kind === 'postgres' ? undefined : kind,
        locks: kind === 'postgres' ? postgres.locks : undefined,
        database: postgres.database,
      })
    })
    afterAll(() => stage?.stop())

    test('with leases that nobody checks, a seat is sold twice', async () => {
      expect((await sell('lease')).seatsSoldTwice).toBeGreaterThan(0)
    })

    test('with fenced leases, none is, and nobody meets an error other than that a seat is taken', async () => {
      expect((await isSafe('fenced-lease')).staleWritesRefused).toBeGreaterThan(0)
    })
  })

  test('with row locks, no seat is sold twice', async () => {
    contest = LONGER
    stage = await setStage({ nodes: 3, with: undefined, locks: postgres.locks, database: postgres.database })
    await isSafe('row-lock')
  })
})
