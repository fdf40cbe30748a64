import type { SaleOutcome } from '../strategies/strategy.ts'
import type { BoxOffice } from './box-office.ts'
import { end, endedMeanwhile, holdEnded } from './end.ts'
import { anyHold, type HoldRecord, ownHold } from './hold-record.ts'
import { Refusal } from './refusal.ts'

/** Turns a paid hold into tickets. May be repeated: the answer is the same, and so are the tickets. */
export async function confirm(office: BoxOffice, session: string, id: string): Promise<void> {
  const record = await ownHold(office.db, session, id)
  if (record.state === 'sold') return
  if (record.state === 'ended') throw holdEnded(record.endedBecause)
  if (record.state !== 'paid') throw new Refusal(409, 'not-paid', 'These seats are not paid yet.')

  const outcome = await sell(office, record)
  if (outcome !== 'sold') await refuse(office, record, outcome)
}

function sell(office: BoxOffice, record: HoldRecord): Promise<SaleOutcome> {
  const { id, seats, amountCents, buyer } = record
  const order = { id, seats, amountCents, buyer: buyer ?? '', node: office.node }
  return office.strategy.sell(record, order, () => office.interruption(record))
}

async function refuse(office: BoxOffice, record: HoldRecord, outcome: Exclude<SaleOutcome, 'sold'>): Promise<void> {
  // A twin of this request may have sold the seats and released the leases meanwhile.
  const { state } = await anyHold(office.db, record.id)
  if (state === 'sold') return
  await office.db.query('update holds set refused_write = $2 where id = $1', [record.id, outcome])
  await end(office, record, outcome)
  throw await endedMeanwhile(office, record.id)
}
