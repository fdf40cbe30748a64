import type { BoxOffice } from '../checkout/box-office.ts'
import { end } from '../checkout/end.ts'
import { type HoldRecord, RECORD } from '../checkout/hold-record.ts'
import { noSuchHold, Refusal } from '../checkout/refusal.ts'
import type { Sql } from '../database/database.ts'

/** The operator takes the seats back, whatever the customer is about to do with them, and says why. */
export async function forceRelease(office: BoxOffice, id: string, reason: string): Promise<void> {
  const record = await anyHold(office.db, id)
  await office.strategy.giveBack(record)
  await end(office, record, 'forced', reason)
  const { state } = await anyHold(office.db, id)
  if (state === 'sold') throw new Refusal(409, 'already-sold', 'These seats are sold.')
}

async function anyHold(sql: Sql, id: string): Promise<HoldRecord> {
  const [record] = await sql.query<HoldRecord>(`${RECORD} where holds.id = $1`, [id])
  if (record === undefined) throw noSuchHold()
  return record
}
