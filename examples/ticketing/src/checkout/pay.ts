import type { ChargeOutcome } from '../payment/bank.ts'
import { type Card, endingOf } from '../payment/card.ts'
import { type BoxOffice, MAX_FAILED_PAYMENTS } from './box-office.ts'
import { end, endedMeanwhile } from './end.ts'
import { anyHold, type HoldRecord, move, ownHold, setRunsOut } from './hold-record.ts'
import { countFailure, recordAnswer, recordAttempt } from './payments.ts'
import { Refusal } from './refusal.ts'

export interface PaymentDetails {
  readonly buyer: string
  readonly card: Card
}

/** Takes the money for a hold, once. The hold is prolonged first, so that it outlives an ordinary payment. */
export async function pay(office: BoxOffice, session: string, id: string, details: PaymentDetails): Promise<void> {
  const record = await ownHold(office.db, session, id)
  if (record.state === 'paid' || record.state === 'sold') return
  await begin(office, id)
  await prepare(office, record, details.card)
  // What a bank throws is a payment that failed.
  const outcome = await office.bank.charge(details.card, record.amountCents).catch(() => 'unreachable' as const)
  if (outcome === 'taken') return settle(office, record, details.buyer)
  await putBack(office, record, outcome)
}

/** Of two payments sent at once, one gets through here. */
async function begin(office: BoxOffice, id: string): Promise<void> {
  if (await move(office.db, id, ['open'], 'paying')) return
  const { state } = await anyHold(office.db, id)
  if (state === 'ended') throw await endedMeanwhile(office, id)
  throw new Refusal(409, 'payment-under-way', 'A payment for these seats is under way.')
}

/** Where a server does not answer, nobody has been charged yet: the customer may try again. */
async function prepare(office: BoxOffice, record: HoldRecord, card: Card): Promise<void> {
  try {
    await prolong(office, record)
    if (!(await recordAttempt(office, record, endingOf(card)))) throw await endedMeanwhile(office, record.id)
  } catch (error) {
    await move(office.db, record.id, ['paying'], 'open')
    throw error
  }
}

async function prolong(office: BoxOffice, record: HoldRecord): Promise<void> {
  const standing = await office.strategy.keep(record)
  if (standing !== undefined) return setRunsOut(office.db, record.id, standing)
  await end(office, record, 'expired')
  throw await endedMeanwhile(office, record.id)
}

/** The hold may have ended while the bank was at work: then the money is on its way back already. */
async function settle(office: BoxOffice, { id }: HoldRecord, buyer: string): Promise<void> {
  const paid = await office.db.transaction(async (sql) => {
    if (!(await move(sql, id, ['paying'], 'paid'))) return false
    await recordAnswer(sql, id, 'taken')
    await sql.query('update holds set buyer = $2 where id = $1', [id, buyer])
    return true
  })
  if (!paid) throw await endedMeanwhile(office, id)
}

async function putBack(office: BoxOffice, record: HoldRecord, outcome: ChargeOutcome): Promise<never> {
  await recordAnswer(office.db, record.id, 'failed')
  if ((await countFailure(office.db, record.id)) >= MAX_FAILED_PAYMENTS) {
    await office.strategy.giveBack(record)
    await end(office, record, 'declined')
  }
  if (!(await move(office.db, record.id, ['paying'], 'open'))) throw await endedMeanwhile(office, record.id)
  if (outcome === 'declined')
    throw new Refusal(402, 'payment-declined', 'The bank declined this card. Nothing was charged.')
  throw new Refusal(503, 'payment-failed', 'The bank did not answer. Nothing was charged: try again.')
}
