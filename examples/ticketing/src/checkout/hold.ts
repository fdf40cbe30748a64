import { randomBytes } from 'node:crypto'
import { type BoxOffice, MAX_SEATS } from './box-office.ts'
import { insertHold } from './hold-record.ts'
import { Refusal } from './refusal.ts'

/**
 * Sets the seats aside for this visitor: every one, or none. Answers the id of the hold. With `waiting`, stands in line for seats that are
 * held, until it aborts.
 */
export async function hold(
  office: BoxOffice,
  session: string,
  seats: readonly string[],
  waiting?: AbortSignal,
): Promise<string> {
  const amountCents = priceOf(office, seats)
  const id = randomBytes(16).toString('hex')
  const standing = await (waiting && office.strategy.wait
    ? office.strategy.wait(id, seats, waiting)
    : office.strategy.take(id, seats))
  if (standing === undefined)
    throw new Refusal(409, 'seats-taken', 'Somebody was faster: not all of these seats are free.')
  try {
    await insertHold(office.db, { session, standing, amountCents, node: office.node })
  } catch (error) {
    // Nobody could pay for a hold that stands nowhere: the seats are free again, so that "try again" is true.
    await office.strategy.giveBack(standing.reservation)
    throw error
  }
  return id
}

/** Refuses what is no choice of seats of this hall. */
export function priceOf({ auditorium }: BoxOffice, seats: readonly string[]): number {
  if (seats.length === 0) throw new Refusal(422, 'bad-request', 'Choose at least one seat.')
  if (seats.length > MAX_SEATS) throw new Refusal(422, 'too-many-seats', `Choose at most ${MAX_SEATS} seats.`)
  if (new Set(seats).size < seats.length) throw new Refusal(422, 'bad-request', 'A seat is named twice.')
  return seats.reduce((sum, seat) => sum + priceOfOne(auditorium.priceOf(seat)), 0)
}

function priceOfOne(priceCents: number | undefined): number {
  if (priceCents === undefined) throw new Refusal(422, 'unknown-seat', 'There is no such seat in this hall.')
  return priceCents
}
