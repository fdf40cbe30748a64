import { type HoldRecord, RECORD } from '../checkout/hold-record.ts'
import type { Sql } from '../database/database.ts'

/** A visitor's bookings, the newest first: what is under way, what was sold, and what came to nothing. */
export function ownOrders(sql: Sql, session: string): Promise<HoldRecord[]> {
  return sql.query(`${RECORD} where session = $1 order by held_at desc limit 100`, [session])
}
