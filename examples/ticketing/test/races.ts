import { afterAll, beforeAll, describe, test } from 'vitest'
import { createSeparateDatabase, type SeparateDatabase } from '../src/database/separate-database.ts'
import { Fleet } from '../src/fleet/fleet.ts'
import { type DatabaseService, type Service, type ServiceName, startService } from '../src/stage/services.ts'
import { CONTEST, type Shop, sell, sellSafely, WITH_ROW_LOCKS } from './contests.ts'

/** A sale by three processes, with locks in each of these. */
export function describeRaces(kinds: readonly ServiceName[]): void {
  describe('three server processes, of which some are stopped by SIGSTOP', () => {
    let postgres: DatabaseService

    beforeAll(async () => {
      postgres = await startService('postgres', { own: true })
    })
    afterAll(() => postgres?.stop())

    describe.concurrent.each(kinds)('locks in %s', (kind) => {
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
        const result = await sellSafely(shop, 'fenced-lease', CONTEST)
        expect(result.staleWritesRefused).toBeGreaterThan(0)
        expect(result.holdsExpired).toBeGreaterThanOrEqual(CONTEST.frozen)
      })

      if (kind === 'postgres') {
        test.sequential('with row locks, no seat is sold twice', async () => {
          await sellSafely(shop, 'row-lock', WITH_ROW_LOCKS)
        })
      }
    })
  })
}
