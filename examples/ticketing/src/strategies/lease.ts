import type { LeaseGroup } from '@leasehold/core'
import type { Database } from '../database/database.ts'
import { areUnsold, issueTickets, overwriteSeats } from '../database/orders.ts'
import { showAsHeld } from './held-by.ts'
import { handOff, releaseAll, type SeatLeases } from './seat-leases.ts'
import type { Standing, Strategy } from './strategy.ts'

/**
 * A lease a seat, and trust that it still holds when the write arrives. Wrong, whichever lock service grants it: a checkout that stands still
 * for longer than the TTL does not know that it did, and writes over whoever came after it.
 */
export function lease(db: Database, leases: SeatLeases): Strategy {
  async function setAside(hold: string, seats: readonly string[], group: LeaseGroup): Promise<Standing | undefined> {
    if (await areUnsold(db, seats)) {
      await showAsHeld(db, hold, seats)
      return handOff(hold, seats, group.leases)
    }
    await releaseAll(group)
    return undefined
  }

  return {
    name: 'lease',

    async take(hold, seats) {
      const group = await leases.tryTake(seats)
      return group === null ? undefined : setAside(hold, seats, group)
    },

    wait: async (hold, seats, signal) => setAside(hold, seats, await leases.wait(seats, signal)),

    async sell({ seats, handles }, order, interruption) {
      const held = await leases.resume(handles)
      if (held === undefined) return 'expired'
      const unsold = await areUnsold(db, seats, order)
      await interruption()
      if (unsold) {
        await db.transaction(async (sql) => {
          await overwriteSeats(sql, order)
          await issueTickets(sql, order)
          return true
        })
      }
      await releaseAll(held)
      return unsold ? 'sold' : 'taken'
    },

    async keep({ hold, seats, handles }) {
      const held = await leases.resume(handles)
      return held && handOff(hold, seats, held)
    },

    async giveBack({ handles }) {
      await releaseAll((await leases.resume(handles)) ?? [])
    },

    // What the lock service says: true of the lease, not of a write that is still on its way.
    isOver: async (reservation) => !(await leases.isHeld(reservation)),
  }
}
