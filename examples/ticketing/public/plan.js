/**
 * @typedef {{ name: string, priceCents: number }} Tier
 * @typedef {{ row: string, section: string, blocks: { seats: number, tier: string }[] }} PlanRow
 * @typedef {{ hall: string, show: string, subtitle: string, when: string, currency: string, tiers: Record<string, Tier>, rows: PlanRow[] }} Plan
 * @typedef {{ id: string, row: string, number: number, section: string, tier: string, tierName: string, priceCents: number }} Seat
 */

/** @type {Plan} */
export const plan = await (await fetch('/api/auditorium')).json()

/** @type {Seat[]} In the order of the plan: row by row, from left to right. */
export const seats = plan.rows.flatMap(({ row, section, blocks }) => {
  const tiers = blocks.flatMap((block) => /** @type {string[]} */ (Array(block.seats).fill(block.tier)))
  return tiers.map((tier, index) => {
    const { name, priceCents } = tierOf(tier)
    return { id: `${row}${index + 1}`, row, number: index + 1, section, tier, tierName: name, priceCents }
  })
})

const byIdOfSeat = new Map(seats.map((seat) => [seat.id, seat]))

/** @param {string} id */
export function seatOf(id) {
  const seat = byIdOfSeat.get(id)
  if (seat === undefined) throw new Error(`The plan has no seat ${id}.`)
  return seat
}

/** @param {string} tier */
export function tierOf(tier) {
  const found = plan.tiers[tier]
  if (found === undefined) throw new Error(`The plan has no tier ${tier}.`)
  return found
}

const euros = new Intl.NumberFormat('en', { style: 'currency', currency: plan.currency })
const wholeEuros = new Intl.NumberFormat('en', { style: 'currency', currency: plan.currency, maximumFractionDigits: 0 })

/** @param {number} cents */
export const money = (cents) => (cents % 100 === 0 ? wholeEuros : euros).format(cents / 100)

/** @param {Seat} seat */
export const nameOf = ({ row, number }) => `Row ${row}, seat ${number}`
