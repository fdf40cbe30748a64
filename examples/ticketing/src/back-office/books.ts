import type { Sql } from '../database/database.ts'

/** What the books say when the sale is over. Counted from the ledger of tickets and from the holds, never inferred. */
export interface Books {
  readonly seatsSold: number
  readonly seatsSoldTwice: number
  readonly staleWritesRefused: number
  readonly holdsExpired: number
  readonly paymentsRefunded: number
}

const BOOKS = `
  select
    (select count(distinct seat_id) from tickets)::integer as "seatsSold",
    (select count(*) from (select seat_id from tickets group by seat_id having count(*) > 1) as twice)::integer as "seatsSoldTwice",
    (select count(*) from holds where refused_write = 'stale')::integer as "staleWritesRefused",
    (select count(*) from holds where ended_because = 'expired')::integer as "holdsExpired",
    (select count(*) from payments where state = 'refunded')::integer as "paymentsRefunded"`

const UNFINISHED = `
  select id from holds where state in ('open', 'paying', 'paid') and runs_out_at is not null limit 1`

export async function readBooks(sql: Sql): Promise<Books> {
  const [books] = await sql.query<Books>(BOOKS)
  if (books === undefined) throw new Error('The books could not be read.')
  return books
}

/** Holds whose customers walked away are still running out. */
export async function areBooksClosed(sql: Sql): Promise<boolean> {
  return (await sql.query(UNFINISHED)).length === 0
}
