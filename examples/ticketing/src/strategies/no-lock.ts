import type { Database } from '../database/database.ts'
import { areUnsold, issueTickets, overwriteSeats } from '../database/orders.ts'
import { settingNothingAside } from './nothing-aside.ts'
import type { Strategy } from './strategy.ts'

/** Look, then write. Wrong: between the two, somebody else looks as well. */
export function noLock(db: Database): Strategy {
  return {
    name: 'no-lock',
    ...settingNothingAside(db),

    async sell({ seats }, order, interruption) {
      if (!(await areUnsold(db, seats, order))) return 'taken'
      await interruption()
      await db.transaction(async (sql) => {
        await overwriteSeats(sql, order)
        await issueTickets(sql, order)
        return true
      })
      return 'sold'
    },
  }
}
