import type { ChargeOutcome } from '../payment/bank.ts'
import { type Card, endingOf } from '../payment/card.ts'
import { type BoxOffice, MAX_FAILED_PAYMENTS } from './box-office.ts'
import { end, holdEnded } from './end.ts'
import { type HoldRecord, move, ownHold, setRunsOut } from './hold-record.ts'
import { recordAnswer, recordAttempt } from './payments.ts'
import { Refusal } from './refusal.ts'

export interface PaymentDetails {
  readonly buyer: string
  readonly card: Card
}

/** Takes the money for a hold, once. The hold is prolonged first, so that it outlives an ordinary payment. */
export async function pay(office: BoxOffice, session: string, id: string, details: PaymentDetails): Promise<void> {
  const record = await ownHold(office.db, session, id)
  if (record.state === 'paid' || record.state === 'sold') return
  await begin(office, session, id)
  await prolong(office, record)
  const outcome = await charge(office, record, details.card)
  if (outcome === 'taken') return settle(office, record, details.buyer)
  await putBack(office, record, outcome)
}

/** Of two payments sent at once, one gets through here. */
async function begin({ db }: BoxOffice, session: string, id: string): Promise<void> {
  if (await move(db, id, ['open'], 'paying')) return
  const { state, endedBecause } = await ownHold(db, session, id)
  if (state === 'ended') throw holdEnded(endedBecause)
  throw new Refusal(409, 'payment-under-way', 'A payment for these seats is under way.')
}

async function prolong(office: BoxOffice, record: HoldRecord): Promise<void> {
  const standing = await office.strategy.keep(record)
  if (standing !== undefined) return setRunsOut(office.db, record.id, standing)
  await end(office, record, 'expired')
  throw holdEnded('expired')
}

/** What a bank throws is a payment that failed. */
async function charge(office: BoxOffice, record: HoldRecord, card: Card): Promise<ChargeOutcome> {
  if (!(await recordAttempt(office, record, endingOf(card)))) throw holdEnded('expired')
  return office.bank.charge(card, record.amountCents).catch(() => 'unreachable' as const)
}

/** The hold may have ended while the bank was at work: then the money is on its way back already. */
async function settle({ db }: BoxOffice, { id }: HoldRecord, buyer: string): Promise<void> {
  const paid = await db.transaction(async (sql) => {
    if (!(await move(sql, id, ['paying'], 'paid'))) return false
    await recordAnswer(sql, id, 'taken')
    await sql.query('update holds set buyer = $2 where id = $1', [id, buyer])
    return true
  })
  if (!paid) throw holdEnded('expired')
}

async function putBack(office: BoxOffice, record: HoldRecord, outcome: ChargeOutcome): Promise<never> {
  const failures = record.failedPayments + 1
  await recordAnswer(office.db, record.id, 'failed')
  await office.db.query('update holds set failed_payments = $2 where id = $1', [record.id, failures])
  if (failures >= MAX_FAILED_PAYMENTS) {
    await office.strategy.giveBack(record)
    await end(office, record, 'declined')
    throw holdEnded('declined')
  }
  if (!(await move(office.db, record.id, ['paying'], 'open'))) throw holdEnded('expired')
  if (outcome === 'declined')
    throw new Refusal(402, 'payment-declined', 'The bank declined this card. Nothing was charged.')
  throw new Refusal(503, 'payment-failed', 'The bank did not answer. Nothing was charged: try again.')
}
