import { readFile } from 'node:fs/promises'
import { PLAN } from './places.ts'

interface Tier {
  readonly name: string
  readonly priceCents: number
}

interface Row {
  readonly row: string
  readonly section: string
  /** From left to right; an aisle stands between two blocks. */
  readonly blocks: readonly { readonly seats: number; readonly tier: string }[]
}

interface Plan {
  readonly hall: string
  readonly show: string
  readonly subtitle: string
  readonly when: string
  readonly currency: string
  readonly tiers: Readonly<Record<string, Tier>>
  readonly rows: readonly Row[]
}

interface Seat {
  /** Row and number, such as `C7`. */
  readonly id: string
  readonly priceCents: number
}

export interface Auditorium {
  /** What the browser draws. */
  readonly plan: Plan
  readonly seats: readonly Seat[]
  /** Undefined where there is no such seat. */
  priceOf(seat: string): number | undefined
}

export async function loadAuditorium(): Promise<Auditorium> {
  const plan = JSON.parse(await readFile(PLAN, 'utf8')) as Plan
  const seats = plan.rows.flatMap((row) => seatsOf(row, plan.tiers))
  const prices = new Map(seats.map((seat) => [seat.id, seat.priceCents]))
  return { plan, seats, priceOf: (seat) => prices.get(seat) }
}

function seatsOf({ row, blocks }: Row, tiers: Plan['tiers']): Seat[] {
  const tierOfSeat = blocks.flatMap(({ seats, tier }) => Array<string>(seats).fill(tier))
  return tierOfSeat.map((tier, index) => ({ id: `${row}${index + 1}`, priceCents: priceIn(tiers, tier) }))
}

function priceIn(tiers: Plan['tiers'], tier: string): number {
  const found = tiers[tier]
  if (found === undefined) throw new Error(`The plan of the auditorium names an unknown tier: ${tier}`)
  return found.priceCents
}
