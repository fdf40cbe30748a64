import { setTimeout as pause } from 'node:timers/promises'
import type { Locks } from '@leasehold/core'
import { type Auditorium, loadAuditorium } from './auditorium.ts'
import { forgetWaits } from './back-office/waits.ts'
import type { BoxOffice } from './checkout/box-office.ts'
import { expireHolds } from './checkout/end.ts'
import type { Database } from './database/database.ts'
import { SEATS_CHANGED } from './database/schema.ts'
import { createApp } from './http/app.ts'
import { type Served, serve } from './http/serve.ts'
import { sweepWhileLeading } from './lead-sweep.ts'
import { SeatBoard } from './live/seat-board.ts'
import { type Bank, freezing, simulatedBank } from './payment/bank.ts'
import { fewAtOnce } from './payment/few-at-once.ts'
import type { Sale } from './sale.ts'
import { STRATEGIES } from './strategies/index.ts'
import { type SeatLeasesOptions, seatLeases } from './strategies/seat-leases.ts'

export interface BoxOfficeOptions {
  /** The name of this server process. */
  readonly node: string
  readonly db: Database
  readonly locks: Locks
  readonly onLease?: SeatLeasesOptions['onLease']
  readonly sale: Sale
  readonly port: number
  readonly orAnyPort?: boolean
  /** Where a checkout freezes that is about to sell these seats. Left out: for as long as the sale says. */
  readonly standStill?: (seats: readonly string[]) => Promise<void>
  /** Left out: a simulated one, with the terms of the sale. */
  readonly bank?: Bank
}

export interface OpenBoxOffice extends Served {
  readonly auditorium: Auditorium
}

/** A server over tables that exist, and the sweep that ends holds whose time is over, where it leads. Does not close what it was given. */
export async function openBoxOffice(options: BoxOfficeOptions): Promise<OpenBoxOffice> {
  const {
    node,
    db,
    locks,
    onLease,
    sale,
    port,
    orAnyPort = false,
    standStill,
    bank = simulatedBank(sale.bank),
  } = options
  const auditorium = await loadAuditorium()
  const board = new SeatBoard(db)
  await db.listen(SEATS_CHANGED, (seats) => board.changed(seats?.split(' ')))
  const leases = seatLeases({ locks, onLease, ttlMs: sale.holdMs, sale: sale.name, node })
  const office: BoxOffice = {
    node,
    auditorium,
    db,
    leases,
    strategy: STRATEGIES[sale.strategy](db, leases),
    bank: fewAtOnce(bank, locks, sale.name, sale.holdMs),
    interruption: freezing(standStill ?? (() => pause(sale.freezeMs))),
  }
  await forgetWaits(office)
  const served = await serve(createApp(office, board, sale.operatorKey), port, orAnyPort)
  const stopSweep = sweepWhileLeading({ locks, sale, node }, () => expireHolds(office))
  return {
    auditorium,
    address: served.address,
    close: async () => {
      await stopSweep()
      await served.close()
    },
  }
}
