import type { LeaseGroup } from '@leasehold/core'
import type { Database } from '../database/database.ts'
import { areUnsold, issueTickets, overwriteSeats } from '../database/orders.ts'
import { betweenHoldAndSale, handOff, orRelease, releaseAll, type SeatLeases } from './seat-leases.ts'
import type { Standing, Strategy } from './strategy.ts'

/**
 * A lease a seat, and trust that it still holds when the write arrives. Wrong, whichever lock service grants it: a checkout that stands still
 * for longer than the TTL does not know that it did, and writes over whoever came after it.
 */
export function lease(db: Database, leases: SeatLeases): Strategy {
  async function setAside(hold: string, seats: readonly string[], group: LeaseGroup): Promise<Standing | undefined> {
    const taken = await orRelease(group, async () => {
      if (!(await areUnsold(db, seats))) return false
      await db.query('update seats set held_by = $1 where id = any($2)', [hold, seats])
      return true
    })
    return taken ? handOff(hold, seats, group.leases) : undefined
  }

  return {
    name: 'lease',
    ...betweenHoldAndSale(leases),

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

    // What the lock service says: true of the lease, not of a write that is still on its way.
    isOver: async (reservation) => !(await leases.isHeld(reservation)),
  }
}
