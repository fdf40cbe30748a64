import type { Sql } from '../database/database.ts'

export interface RefusedWrite {
  readonly hold: string
  readonly why: 'stale' | 'taken' | 'expired'
}

/** What stands in the database about one seat. Names holds, each by its id. */
export interface SeatBooks {
  readonly fence: string
  /** In the order of the tickets. More than one: sold twice. */
  readonly sold: readonly string[]
  /** Writes that were tried, or were about to be, and refused. */
  readonly refused: readonly RefusedWrite[]
  readonly refunded: readonly string[]
  readonly unfinished: number
}

const BOOKS = `
  select fence::text,
    array(select order_id from tickets where seat_id = $1 order by number) as sold,
    (select coalesce(json_agg(json_build_object('hold', id, 'why', refused_write)), '[]')
      from holds where refused_write is not null) as refused,
    array(select hold_id from payments where state = 'refunded') as refunded,
    (select count(*) from holds where state in ('open', 'paying', 'paid'))::integer as unfinished
  from seats where id = $1`

export async function readSeatBooks(sql: Sql, seat: string): Promise<SeatBooks> {
  const [books] = await sql.query<SeatBooks>(BOOKS, [seat])
  if (books === undefined) throw new Error(`There is no seat ${seat}.`)
  return books
}
