import type { Sql } from './database.ts'

export interface Order {
  /** The id of the hold that it comes from: repeating a confirmation cannot make a second order. */
  readonly id: string
  readonly buyer: string
  readonly amountCents: number
  readonly seats: readonly string[]
  /** The server process that sells. */
  readonly node: string
}

/** Issues the tickets, in the transaction that sells the seats. False: this order has its tickets already. */
export async function issueTickets(sql: Sql, order: Order): Promise<boolean> {
  const created = await sql.query(
    'insert into orders (id, buyer, amount_cents) values ($1, $2, $3) on conflict (id) do nothing returning id',
    [order.id, order.buyer, order.amountCents],
  )
  if (created.length === 0) return false
  await sql.query('insert into tickets (order_id, seat_id) select $1, unnest($2::text[])', [order.id, order.seats])
  await sql.query(`update holds set state = 'sold', sold_on = $2 where id = $1`, [order.id, order.node])
  return true
}

/** Writes the order into its seats, whatever stands there. */
export async function overwriteSeats(sql: Sql, order: Order): Promise<void> {
  await sql.query('update seats set sold_to = $1 where id = any($2)', [order.id, order.seats])
}

/** Whether none of the seats belongs to another order, as of now. */
export async function areUnsold(sql: Sql, seats: readonly string[], order?: Order): Promise<boolean> {
  const sold = await sql.query(
    'select id from seats where id = any($1) and sold_to is not null and sold_to is distinct from $2',
    [seats, order?.id ?? null],
  )
  return sold.length === 0
}
