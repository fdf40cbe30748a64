import type { Context } from 'hono'
import { MAX_SEATS } from '../checkout/box-office.ts'
import type { PaymentDetails } from '../checkout/pay.ts'
import { noSuchHold, Refusal } from '../checkout/refusal.ts'
import { parseCard } from '../payment/card.ts'

const MAX_NAME = 80
const MAX_REASON = 200

/** What cannot be the name of a hold is refused like one that nobody has: it never reaches the database. */
export function holdIn(context: Context): string {
  const id = context.req.param('id')
  if (id === undefined || !/^[0-9a-f]{32}$/.test(id)) throw noSuchHold()
  return id
}

/** The only bodies that the box office reads. Whatever passes here is well-formed; whether it makes sense, the checkout says. */
export async function seatsIn(context: Context): Promise<readonly string[]> {
  const { seats } = await objectIn(context)
  if (!Array.isArray(seats)) throw bad('"seats" must be a list of seats.')
  if (seats.length > MAX_SEATS) throw new Refusal(422, 'too-many-seats', `Choose at most ${MAX_SEATS} seats.`)
  if (!seats.every((seat) => typeof seat === 'string')) throw bad('"seats" must be a list of seats.')
  return seats
}

export async function paymentIn(context: Context): Promise<PaymentDetails> {
  const { name, card } = await objectIn(context)
  const number = parseCard(card)
  if (number === undefined) throw bad('A card number has sixteen digits.')
  return { buyer: textIn('A name', name, MAX_NAME), card: number }
}

export async function reasonIn(context: Context): Promise<string> {
  const { reason } = await objectIn(context)
  return textIn('A reason', reason, MAX_REASON)
}

function textIn(what: string, value: unknown, max: number): string {
  const text = typeof value === 'string' ? value.trim() : ''
  if (text === '' || text.length > max) throw bad(`${what} has 1 to ${max} characters.`)
  // Databases and terminals take offence at these; anything else, angle brackets included, may be a name.
  if (/\p{Cc}|\p{Cs}/u.test(text)) throw bad(`${what} has no control characters.`)
  return text
}

async function objectIn(context: Context): Promise<Record<string, unknown>> {
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? '')) throw bad('Send JSON.')
  const body: unknown = await context.req.json().catch(() => undefined)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw bad('Send a JSON object.')
  return { ...body }
}

const bad = (message: string): Refusal => new Refusal(400, 'bad-request', message)
