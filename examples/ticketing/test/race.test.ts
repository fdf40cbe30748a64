import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createSeparateDatabase, type SeparateDatabase } from '../src/database/separate-database.ts'
import { Fleet } from '../src/fleet/fleet.ts'
import type { Contest } from '../src/race/contest.ts'
import { runSale } from '../src/race/run.ts'
import { type DatabaseService, type Service, type ServiceName, startService } from '../src/stage/services.ts'
import type { Stage } from '../src/stage/stage.ts'
import type { StrategyName } from '../src/strategies/index.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

// Few seats and more customers: all others are gone soon, and somebody is left who wants what a frozen checkout lets go. It goes on when he has it.
const CONTEST: Contest = { customers: 36, seats: 18, frozen: 1, holdMs: 2000, freezeMs: 60_000, untilSold: true }

/** Of the strategies that set nothing aside, all would be sold before the checkout that is to freeze has paid. */
const LONGER: Contest = { ...CONTEST, customers: 80, seats: 60 }

/** With a row lock, nobody else has a seat whose sale stands still. */
const WITH_ROW_LOCKS: Contest = { ...LONGER, freezeMs: 2500 }

interface Shop {
  readonly fleet: Fleet
  readonly stage: Pick<Stage, 'database' | 'locks'>
}

const sell = ({ fleet, stage }: Shop, strategy: StrategyName, contest: Contest) =>
  runSale(fleet, stage, strategy, contest, () => {})

async function sellSafely(shop: Shop, strategy: StrategyName, contest: Contest) {
  const result = await sell(shop, strategy, contest)
  expect(result).toMatchObject({ seatsSold: contest.seats, seatsSoldTwice: 0, errors: {} })
  return result
}

// Shops stand side by side where their tests mostly wait for a checkout that stands still.

describe('one server process', () => {
  const openShop = async (): Promise<Shop> => ({
    stage: { database: 'embedded', locks: { kind: 'memory' } },
    fleet: await Fleet.start({ count: 1 }),
  })

  describe.concurrent('that sets nothing aside', () => {
    let shop: Shop

    beforeAll(async () => {
      shop = await openShop()
    })
    afterAll(() => shop?.fleet[Symbol.asyncDispose]())

    test.sequential('without a lock, seats are sold twice', async ({ expect }) => {
      expect((await sell(shop, 'no-lock', LONGER)).seatsSoldTwice).toBeGreaterThan(0)
    })

    test.sequential('with row locks, no seat is sold twice, and customers pay in vain', async ({ expect }) => {
      expect((await sellSafely(shop, 'row-lock', WITH_ROW_LOCKS)).paymentsRefunded).toBeGreaterThan(0)
    })
  })

  describe.concurrent('with leases', () => {
    let shop: Shop

    beforeAll(async () => {
      shop = await openShop()
    })
    afterAll(() => shop?.fleet[Symbol.asyncDispose]())

    test.sequential('that nobody checks, a frozen checkout sells a seat a second time', async ({ expect }) => {
      expect((await sell(shop, 'lease', CONTEST)).seatsSoldTwice).toBeGreaterThan(0)
    })

    test.sequential('that are fenced, frozen checkouts are refused and no seat is sold twice', async ({ expect }) => {
      const result = await sellSafely(shop, 'fenced-lease', CONTEST)
      expect(result.staleWritesRefused).toBeGreaterThan(0)
      expect(result.holdsExpired).toBeGreaterThanOrEqual(CONTEST.frozen)
    })
  })
})

describe('three server processes, of which some are stopped by SIGSTOP', () => {
  let postgres: DatabaseService

  beforeAll(async () => {
    postgres = await startService('postgres', { own: true })
  })
  afterAll(() => postgres?.stop())

  describe.concurrent.each(['redis', 'postgres', 'etcd'] satisfies ServiceName[])('locks in %s', (kind) => {
    let shop: Shop
    let locks: Service
    let data: SeparateDatabase

    beforeAll(async () => {
      let fleet: Fleet
      ;[locks, data, fleet] = await Promise.all([
        kind === 'postgres' ? postgres : startService(kind),
        createSeparateDatabase(postgres.database),
        Fleet.start({ count: 3 }),
      ])
      shop = { stage: { database: data.address, locks: locks.locks }, fleet }
    })
    afterAll(async () => {
      await shop?.fleet[Symbol.asyncDispose]()
      await data?.drop()
      if (kind !== 'postgres') await locks?.stop()
    })

    test.sequential('with leases that nobody checks, a seat is sold twice', async ({ expect }) => {
      expect((await sell(shop, 'lease', CONTEST)).seatsSoldTwice).toBeGreaterThan(0)
    })

    test.sequential('with fenced leases, none is, and nobody meets an error other than that a seat is taken', async ({
      expect,
    }) => {
      expect((await sellSafely(shop, 'fenced-lease', CONTEST)).staleWritesRefused).toBeGreaterThan(0)
    })

    if (kind === 'postgres') {
      test.sequential('with row locks, no seat is sold twice', async () => {
        await sellSafely(shop, 'row-lock', WITH_ROW_LOCKS)
      })
    }
  })
})
