import type { Sql } from '../database/database.ts'

/** For the seat map alone. Nothing decides by it. */
export async function showAsHeld(sql: Sql, hold: string, seats: readonly string[]): Promise<void> {
  await sql.query('update seats set held_by = $1 where id = any($2)', [hold, seats])
}
