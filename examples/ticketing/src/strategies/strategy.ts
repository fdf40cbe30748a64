import type { LeaseHandle } from '@leasehold/core'
import type { Order } from '../database/orders.ts'

/** Seats set aside for one hold, as it is stored between two requests. */
export interface Reservation {
  readonly hold: string
  readonly seats: readonly string[]
  /** One a seat, or none where the strategy holds nothing. Secrets: they never leave the server. */
  readonly handles: readonly LeaseHandle[]
}

/** A reservation that stands, and how long it will. Undefined: nothing runs out, because nothing is held. */
export interface Standing {
  readonly reservation: Reservation
  readonly remainingMs: number | undefined
}

/**
 * - `sold`: the seats are written and the tickets issued
 * - `taken`: the database showed that a seat was sold already
 * - `expired`: the hold was over before the write was tried
 * - `stale`: the write was tried and the database refused it, because a newer lease had entered the seat
 */
export type SaleOutcome = 'sold' | 'taken' | 'expired' | 'stale'

/**
 * Runs between a strategy's last look and its write. Here the simulation lets a checkout stand still, as a garbage collection, a
 * frozen virtual machine or a slow network would, without asking.
 */
type Interruption = () => Promise<void>

/** How to see to it that no seat is sold twice. The four strategies differ in this and in nothing else. */
export interface Strategy {
  readonly name: string
  /** Sets all the seats aside, or none and undefined: one of them is taken. */
  take(hold: string, seats: readonly string[]): Promise<Standing | undefined>
  /** Stands in line for the seats, where there is one. Undefined: they were sold meanwhile. Rejects when `signal` aborts. */
  wait?(hold: string, seats: readonly string[], signal: AbortSignal): Promise<Standing | undefined>
  /** Prolongs a reservation that still stands. Undefined: it is gone. */
  keep(reservation: Reservation): Promise<Standing | undefined>
  /** Sells all the seats, or none. Repeated for one order, it issues the tickets once. */
  sell(reservation: Reservation, order: Order, interruption: Interruption): Promise<SaleOutcome>
  /** Gives the seats back, as far as they are still ours. */
  giveBack(reservation: Reservation): Promise<void>
  /** True: the reservation is over, and its money may be paid back. */
  isOver(reservation: Reservation): Promise<boolean>
}
