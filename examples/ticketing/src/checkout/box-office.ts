import type { Auditorium } from '../auditorium.ts'
import type { Database } from '../database/database.ts'
import type { Bank } from '../payment/bank.ts'
import type { SeatLeases } from '../strategies/seat-leases.ts'
import type { Strategy } from '../strategies/strategy.ts'
import type { HoldRecord } from './hold-record.ts'

/** What a checkout works with. */
export interface BoxOffice {
  /** The server process that this is. */
  readonly node: string
  readonly auditorium: Auditorium
  readonly db: Database
  readonly strategy: Strategy
  readonly leases: SeatLeases
  readonly bank: Bank
  /** Where a simulated checkout may stand still. */
  readonly interruption: (hold: Pick<HoldRecord, 'cardEnding' | 'seats'>) => Promise<void>
}

export const MAX_SEATS = 6

/** Each try prolongs the hold: without a limit, a card that is always declined would keep the seats for ever. */
export const MAX_FAILED_PAYMENTS = 3
