import { randomBytes } from 'node:crypto'
import type { BoxOffice } from '../checkout/box-office.ts'
import { giveUp } from '../checkout/end.ts'
import { hold, priceOf } from '../checkout/hold.ts'
import { Refusal } from '../checkout/refusal.ts'

/**
 * A hold of seats that are held by others, as soon as they come free, in the order of the lock server's line. Ends without one where they are sold,
 * or `waiting` aborts.
 */
export async function standInLine(
  office: BoxOffice,
  session: string,
  seats: readonly string[],
  waiting: AbortSignal,
): Promise<string> {
  if (office.strategy.wait === undefined)
    throw new Refusal(409, 'no-line', 'Nothing is set aside here, so there is no line.')
  priceOf(office, seats)
  const entry = await enterInList(office, seats)
  try {
    const id = await hold(office, session, seats, waiting)
    // Whoever has left as his turn came does not keep the seats from others.
    if (waiting.aborted) await giveUp(office, session, id)
    return id
  } catch (error) {
    throw waiting.aborted
      ? new Refusal(409, 'line-left', 'Your place in the line is gone: stand in line again.')
      : error
  } finally {
    await office.db.query('delete from waits where id = $1', [entry])
  }
}

/** For the eyes of the operator. The line itself is the lock server's. */
async function enterInList({ db, node }: BoxOffice, seats: readonly string[]): Promise<string> {
  const id = randomBytes(16).toString('hex')
  await db.query('insert into waits (id, seats, node) values ($1, $2, $3)', [id, seats, node])
  return id
}

/** Left behind by a server process of this name that was killed. */
export async function forgetWaits({ db, node }: BoxOffice): Promise<void> {
  await db.query('delete from waits where node = $1', [node])
}
