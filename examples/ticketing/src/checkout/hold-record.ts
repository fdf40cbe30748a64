import type { Sql } from '../database/database.ts'
import type { Reservation, Standing } from '../strategies/strategy.ts'
import type { PaymentState } from './payments.ts'
import { noSuchHold } from './refusal.ts'

/** open -> paying -> paid -> sold; back to open when a payment fails; from each of the first three to ended. */
export type HoldState = 'open' | 'paying' | 'paid' | 'sold' | 'ended'

export type EndReason = 'expired' | 'given-up' | 'declined' | 'stale' | 'taken' | 'forced'

export interface HoldRecord extends Reservation {
  readonly id: string
  readonly state: HoldState
  readonly endedBecause: EndReason | null
  /** What the operator said who ended it. */
  readonly endNote: string | null
  /** What became of a sale that was tried and did not happen. */
  readonly refusedWrite: EndReason | null
  readonly amountCents: number
  readonly buyer: string | null
  readonly failedPayments: number
  readonly cardEnding: string | null
  readonly payment: Exclude<PaymentState, 'failed'> | null
  /** By the clock of the database, never the browser's. Null: nothing runs out. */
  readonly remainingMs: number | null
}

export const RECORD = `
  select holds.id, holds.id as hold, seats, handles, holds.amount_cents as "amountCents", buyer,
    case when ended_because is null or holds.state = 'sold' then holds.state else 'ended' end as state,
    ended_because as "endedBecause", end_note as "endNote", refused_write as "refusedWrite", failed_payments as "failedPayments",
    card_ending as "cardEnding", nullif(payments.state, 'failed') as payment,
    greatest(0, round(extract(epoch from runs_out_at - clock_timestamp()) * 1000))::integer as "remainingMs"
  from holds left join payments on payments.hold_id = holds.id`

export interface NewHold {
  readonly session: string
  readonly standing: Standing
  readonly amountCents: number
  readonly node: string
}

export async function insertHold(sql: Sql, { session, standing, amountCents, node }: NewHold): Promise<void> {
  const { hold, seats, handles } = standing.reservation
  await sql.query(
    `insert into holds (id, session, seats, handles, amount_cents, held_on, runs_out_at)
     values ($1, $2, $3, $4::jsonb, $5, $6, clock_timestamp() + $7::float8 * interval '1 millisecond')`,
    [hold, session, seats, JSON.stringify(handles), amountCents, node, standing.remainingMs ?? null],
  )
}

/** For this visitor. */
export async function ownHold(sql: Sql, session: string, id: string): Promise<HoldRecord> {
  const [record] = await sql.query<HoldRecord>(`${RECORD} where holds.id = $1 and session = $2`, [id, session])
  if (record === undefined) throw noSuchHold()
  return record
}

/** Whoever has it. */
export async function anyHold(sql: Sql, id: string): Promise<HoldRecord> {
  const [record] = await sql.query<HoldRecord>(`${RECORD} where holds.id = $1`, [id])
  if (record === undefined) throw noSuchHold()
  return record
}

/** Holds whose time is over by the clock: worth a look at the lock. */
export function holdsToLookAt(sql: Sql): Promise<HoldRecord[]> {
  return sql.query(
    `${RECORD} where holds.state in ('open', 'paying', 'paid') and runs_out_at <= clock_timestamp() order by runs_out_at limit 100`,
  )
}

/** Compare and set: false where another request moved the hold first, or where it is to end and goes nowhere else. */
export async function move(sql: Sql, id: string, from: readonly HoldState[], to: HoldState): Promise<boolean> {
  const moved = await sql.query(
    `update holds set state = $3 where id = $1 and state = any($2) and (ended_because is null or $3 = 'ended') returning id`,
    [id, from, to],
  )
  return moved.length > 0
}

export async function setRunsOut(sql: Sql, id: string, { remainingMs }: Standing): Promise<void> {
  await sql.query(
    `update holds set runs_out_at = clock_timestamp() + $2::float8 * interval '1 millisecond'
     where id = $1 and ended_because is null`,
    [id, remainingMs ?? null],
  )
}
