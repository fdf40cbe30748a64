import type { Database } from '../database/database.ts'
import { areUnsold, issueTickets, overwriteSeats } from '../database/orders.ts'
import type { Strategy } from './strategy.ts'

const LOCK_ROWS = 'select id from seats where id = any($1) order by id for update'

/**
 * Look and write inside one transaction that locks the rows. Safe, without any lock service, where everything is in one
 * database. It cannot set a seat aside: the transaction lasts for the confirmation alone, since nobody keeps one open while a
 * customer looks for a credit card. So customers learn only after paying that somebody was faster.
 */
export function rowLock(db: Database): Strategy {
  return {
    name: 'row-lock',

    async take(hold, seats) {
      if (!(await areUnsold(db, seats))) return undefined
      return { reservation: { hold, seats, handles: [] }, remainingMs: undefined }
    },

    async sell({ seats }, order, interruption) {
      const sold = await db.transaction(async (sql) => {
        await sql.query(LOCK_ROWS, [seats])
        if (!(await areUnsold(sql, seats, order))) return false
        await interruption()
        await overwriteSeats(sql, order)
        await issueTickets(sql, order)
        return true
      })
      return sold ? 'sold' : 'taken'
    },

    keep: async (reservation) => ({ reservation, remainingMs: undefined }),
    giveBack: async () => {},
    isOver: async () => true,
  }
}
