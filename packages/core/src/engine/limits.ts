import { LeaseholdError } from '../errors.ts'
import type { Bench } from './bench.ts'

/** What is capped. */
export interface Counts {
  /** Leases held. */
  leases: number
  /** Callers who wait or ask. */
  waiting: number
}

type Capped = Counts & Pick<Bench, 'options'>

/** Looked at before anything is sent, and again where a lease begins: other attempts may be under way. */
export function assertRoomFor({ leases, options: { maxLeases } }: Capped, count: number): void {
  if (leases + count > maxLeases) throw limitReached('maxLeases', maxLeases)
}

export function assertRoomToWait({ waiting, options: { maxWaiters } }: Capped): void {
  if (waiting >= maxWaiters) throw limitReached('maxWaiters', maxWaiters)
}

const limitReached = (option: string, limit: number): LeaseholdError =>
  new LeaseholdError('LIMIT_REACHED', `${option} is ${limit}`)
