import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createSeparateDatabase, type SeparateDatabase } from '../src/database/separate-database.ts'
import { Fleet } from '../src/fleet/fleet.ts'
import type { Contest } from '../src/race/contest.ts'
import { type DatabaseService, type Service, startService } from '../src/stage/services.ts'
import { CONTEST, LONGER, type Shop, sell, sellSafely, WITH_ROW_LOCKS } from './contests.ts'
import { describeRaces } from './races.ts'

// For what hangs.
vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 600_000 })

describeRaces(['postgres', 'etcd'])

describe('one server process', () => {
  let shop: Shop

  beforeAll(async () => {
    // With nothing around it: the database is embedded, and locks are in memory.
    const stage = { database: 'embedded', locks: { kind: 'memory' } } as const
    shop = { stage, fleet: await Fleet.start({ count: 1 }) }
  })
  afterAll(() => shop?.fleet[Symbol.asyncDispose]())

  test('without a lock, seats are sold twice', async () => {
    expect((await sell(shop, 'no-lock', LONGER)).seatsSoldTwice).toBeGreaterThan(0)
  })

  test('with row locks, no seat is sold twice, and customers pay in vain', async () => {
    expect((await sellSafely(shop, 'row-lock', WITH_ROW_LOCKS)).paymentsRefunded).toBeGreaterThan(0)
  })

  test('with leases that nobody checks, a frozen checkout sells a seat a second time', async () => {
    expect((await sell(shop, 'lease', CONTEST)).seatsSoldTwice).toBeGreaterThan(0)
  })

  test('with fenced leases, frozen checkouts are refused and no seat is sold twice', async () => {
    const result = await sellSafely(shop, 'fenced-lease', CONTEST)
    expect(result.staleWritesRefused).toBeGreaterThan(0)
    expect(result.holdsExpired).toBeGreaterThanOrEqual(CONTEST.frozen)
  })
})

/** The whole hall, eight times over. */
const CROWD: Contest = { customers: 2000, seats: 240, frozen: 3, holdMs: 2000, freezeMs: 60_000, untilSold: true }

describe('two thousand customers at three server processes, locks in redis', () => {
  let shop: Shop
  let postgres: DatabaseService
  let locks: Service
  let data: SeparateDatabase

  beforeAll(async () => {
    postgres = await startService('postgres', { own: true })
    let fleet: Fleet
    ;[locks, data, fleet] = await Promise.all([
      startService('redis'),
      createSeparateDatabase(postgres.database),
      Fleet.start({ count: 3 }),
    ])
    shop = { stage: { database: data.address, locks: locks.locks }, fleet }
  })
  afterAll(async () => {
    await shop?.fleet[Symbol.asyncDispose]()
    await data?.drop()
    await locks?.stop()
    await postgres?.stop()
  })

  test('with fenced leases, every seat is sold once, and late writes are refused', async () => {
    expect((await sellSafely(shop, 'fenced-lease', CROWD)).staleWritesRefused).toBeGreaterThan(0)
  })

  test('with row locks, every seat is sold once', async () => {
    await sellSafely(shop, 'row-lock', { ...CROWD, freezeMs: 2500 })
  })

  test('with leases that nobody checks, seats are sold twice', async () => {
    expect((await sell(shop, 'lease', CROWD)).seatsSoldTwice).toBeGreaterThan(0)
  })
})
