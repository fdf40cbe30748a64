import type { BoxOffice } from '../checkout/box-office.ts'
import { end } from '../checkout/end.ts'
import { anyHold } from '../checkout/hold-record.ts'
import { Refusal } from '../checkout/refusal.ts'

/** The operator takes the seats back, whatever the customer is about to do with them, and says why. */
export async function forceRelease(office: BoxOffice, id: string, reason: string): Promise<void> {
  const record = await anyHold(office.db, id)
  await office.strategy.giveBack(record)
  await end(office, record, 'forced', reason)
  const { state } = await anyHold(office.db, id)
  if (state === 'sold') throw new Refusal(409, 'already-sold', 'These seats are sold.')
}
