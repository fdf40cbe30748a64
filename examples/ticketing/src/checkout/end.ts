import type { BoxOffice } from './box-office.ts'
import { anyHold, type EndReason, type HoldRecord, holdsToLookAt, move, ownHold } from './hold-record.ts'
import { refund } from './payments.ts'
import { Refusal } from './refusal.ts'

/** The hold is over for whoever had it. Seats and money come back at once, or with a later sweep. */
export async function end(office: BoxOffice, record: HoldRecord, because: EndReason, note?: string): Promise<void> {
  await office.db.query(
    `update holds set ended_because = $2, end_note = $3, runs_out_at = clock_timestamp()
     where id = $1 and state in ('open', 'paying', 'paid') and ended_because is null`,
    [record.id, because, note],
  )
  await bringBack(office, record)
}

/** Seats and money come back, once it is certain that no late sale can arrive. Until then nothing happens, and the next sweep tries again. */
async function bringBack(office: BoxOffice, record: HoldRecord): Promise<void> {
  if (!(await office.strategy.isOver(record))) return
  await office.db.transaction(async (sql) => {
    if (!(await move(sql, record.id, ['open', 'paying', 'paid'], 'ended'))) return false
    await sql.query(`update holds set ended_because = coalesce(ended_because, 'expired') where id = $1`, [record.id])
    await refund(sql, record.id)
    return true
  })
}

/** The customer does not want the seats any more. May be repeated. */
export async function giveUp(office: BoxOffice, session: string, id: string): Promise<void> {
  const record = await ownHold(office.db, session, id)
  if (record.state === 'sold') throw new Refusal(409, 'already-sold', 'These seats are yours: they are sold.')
  if (record.state === 'ended') return
  await office.strategy.giveBack(record)
  await end(office, record, 'given-up')
}

/** The customer walked away: looks after every hold whose time is over. One that cannot be ended yet keeps no other waiting. */
export async function expireHolds(office: BoxOffice): Promise<void> {
  const records = await holdsToLookAt(office.db)
  const outcomes = await Promise.allSettled(records.map((record) => bringBack(office, record)))
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}

/** The refusal that a checkout meets whose hold has ended meanwhile, for the reason that came first. */
export async function endedMeanwhile({ db }: BoxOffice, id: string): Promise<Refusal> {
  return holdEnded((await anyHold(db, id)).endedBecause)
}

/** The refusal that a checkout meets whose hold is over. */
export function holdEnded(because: EndReason | null): Refusal {
  if (because === 'forced') return new Refusal(410, 'hold-ended', 'The box office took these seats back.')
  if (because === 'taken')
    return new Refusal(409, 'sold-meanwhile', 'Somebody bought one of these seats while you were paying.')
  if (because === 'given-up') return new Refusal(410, 'hold-ended', 'You gave these seats back.')
  if (because === 'declined')
    return new Refusal(410, 'hold-ended', 'Payment failed too often: the seats are on sale again.')
  return new Refusal(410, 'hold-ended', 'Your hold ran out before the sale: the seats were on sale again.')
}
