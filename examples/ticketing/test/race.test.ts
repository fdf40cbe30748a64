import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { LONGER, type Shop, sell, sellSafely, WITH_ROW_LOCKS } from './contests.ts'
import { describeRaces, openShopOfOne } from './races.ts'

// For what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

// Those with leases are in `race.deep.test.ts`; here, three processes tell of leases.
describe('one server process that sets nothing aside', () => {
  let shop: Shop

  beforeAll(async () => {
    shop = await openShopOfOne()
  })
  afterAll(() => shop?.fleet[Symbol.asyncDispose]())

  test('without a lock, seats are sold twice', async () => {
    expect((await sell(shop, 'no-lock', LONGER)).seatsSoldTwice).toBeGreaterThan(0)
  })

  test('with row locks, no seat is sold twice, and customers pay in vain', async () => {
    expect((await sellSafely(shop, 'row-lock', WITH_ROW_LOCKS)).paymentsRefunded).toBeGreaterThan(0)
  })
})

describeRaces(['redis'])
