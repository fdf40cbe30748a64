import type { Locks } from '@leasehold/core'
import { type Auditorium, loadAuditorium } from './auditorium.ts'
import type { BoxOffice } from './checkout/box-office.ts'
import { expireHolds } from './checkout/end.ts'
import type { Database } from './database/database.ts'
import { createTables } from './database/schema.ts'
import { createApp } from './http/app.ts'
import { type Served, serve } from './http/serve.ts'
import { SeatBoard } from './live/seat-board.ts'
import { freezing, type SimulatedBankOptions, simulatedBank } from './payment/bank.ts'
import { STRATEGIES, type StrategyName } from './strategies/index.ts'
import { repeat } from './sweep.ts'

export interface BoxOfficeOptions {
  readonly db: Database
  readonly locks: Locks
  readonly strategy: StrategyName
  readonly holdMs: number
  readonly freezeMs: number
  readonly sweepMs: number
  readonly bank: SimulatedBankOptions
  readonly port: number
  readonly orAnyPort?: boolean
}

export interface OpenBoxOffice extends Served {
  readonly auditorium: Auditorium
}

/** Fresh tables, a server, and the sweep that ends holds whose time is over. Does not close what it was given. */
export async function openBoxOffice(options: BoxOfficeOptions): Promise<OpenBoxOffice> {
  const { db, locks, strategy, holdMs, freezeMs, sweepMs, bank, port, orAnyPort = false } = options
  const auditorium = await loadAuditorium()
  await createTables(db, auditorium)
  const board = new SeatBoard(db)
  const office: BoxOffice = {
    auditorium,
    db,
    strategy: STRATEGIES[strategy](db, locks, holdMs),
    bank: simulatedBank(bank),
    interruption: freezing(freezeMs),
    seatsChanged: (seats) => board.changed(seats),
  }
  const served = await serve(createApp(office, board), port, orAnyPort)
  const stopSweep = repeat(() => expireHolds(office), sweepMs)
  return {
    auditorium,
    address: served.address,
    close: async () => {
      await stopSweep()
      await served.close()
    },
  }
}
