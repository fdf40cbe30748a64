import type { Sql } from '../database/database.ts'

/** `asked`: the bank may have taken the money or not; whoever asked it may be gone before the answer is written. */
export type PaymentState = 'asked' | 'taken' | 'failed' | 'refunded'

interface Till {
  readonly db: Sql
  /** The server process that takes the money. */
  readonly node: string
}

interface Due {
  /** The hold that is paid for. */
  readonly id: string
  readonly amountCents: number
}

/** Written before the bank is asked, so that no money is taken of which nobody knows. False: the hold has ended. */
export async function recordAttempt({ db, node }: Till, due: Due, cardEnding: string): Promise<boolean> {
  const recorded = await db.query(
    `insert into payments (hold_id, card_ending, amount_cents, node, state)
     select id, $2, $3, $4, 'asked' from holds where id = $1 and state = 'paying' and ended_because is null for share
     on conflict (hold_id) do update set card_ending = excluded.card_ending, node = excluded.node, state = 'asked' returning hold_id`,
    [due.id, cardEnding, due.amountCents, node],
  )
  return recorded.length > 0
}

export async function recordAnswer(sql: Sql, hold: string, answer: 'taken' | 'failed'): Promise<void> {
  await sql.query(`update payments set state = $2 where hold_id = $1 and state = 'asked'`, [hold, answer])
}

/** How many there have been with this one. */
export async function countFailure(sql: Sql, hold: string): Promise<number> {
  const [counted] = await sql.query<{ failures: number }>(
    'update holds set failed_payments = failed_payments + 1 where id = $1 returning failed_payments as failures',
    [hold],
  )
  return counted?.failures ?? 0
}

/** Of a charge without an answer, whatever the bank took or still takes. Does nothing where no money can be gone. */
export async function refund(sql: Sql, hold: string): Promise<void> {
  await sql.query(`update payments set state = 'refunded' where hold_id = $1 and state in ('asked', 'taken')`, [hold])
}
