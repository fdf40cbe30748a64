import type { Sql } from '../database/database.ts'
import type { HoldRecord } from './hold-record.ts'

export async function recordPayment(sql: Sql, { id, amountCents }: HoldRecord, cardEnding: string): Promise<void> {
  await sql.query(`insert into payments (hold_id, card_ending, amount_cents, state) values ($1, $2, $3, 'taken')`, [
    id,
    cardEnding,
    amountCents,
  ])
}

/** Does nothing where no money was taken, or it is back already. */
export async function refund(sql: Sql, hold: string): Promise<void> {
  await sql.query(`update payments set state = 'refunded' where hold_id = $1`, [hold])
}
