import type { Database } from '../database/database.ts'
import { areUnsold, issueTickets, overwriteSeats } from '../database/orders.ts'
import { settingNothingAside } from './nothing-aside.ts'
import type { SaleOutcome, Strategy } from './strategy.ts'

const LOCK_SEATS = 'select id from seats where id = any($1) order by id for update'

/** Whoever has given the seats back, or had them taken back, has his money: he gets no tickets as well. */
const LOCK_PAID_HOLD = `
  select id from holds where id = $1 and state in ('paid', 'sold') and ended_because is null for update`

/**
 * Look and write inside one transaction that locks the rows. Safe, without any lock service, where everything is in one
 * database. It cannot set a seat aside: the transaction lasts for the confirmation alone, since nobody keeps one open while a
 * customer looks for a credit card. So customers learn only after paying that somebody was faster.
 */
export function rowLock(db: Database): Strategy {
  return {
    name: 'row-lock',
    ...settingNothingAside(db),

    async sell({ seats }, order, interruption) {
      let outcome: SaleOutcome = 'sold'
      await db.transaction(async (sql) => {
        await sql.query(LOCK_SEATS, [seats])
        if (!(await areUnsold(sql, seats, order))) outcome = 'taken'
        else if ((await sql.query(LOCK_PAID_HOLD, [order.id])).length === 0) outcome = 'expired'
        if (outcome !== 'sold') return false
        await interruption()
        await overwriteSeats(sql, order)
        await issueTickets(sql, order)
        return true
      })
      return outcome
    },
  }
}
