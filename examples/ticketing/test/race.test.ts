import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import { Fleet } from '../src/fleet/fleet.ts'
import { CONTEST, LONGER, type Shop, sell, sellSafely, WITH_ROW_LOCKS } from './contests.ts'
import { describeRaces } from './races.ts'

// For what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

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

describeRaces(['redis'])
