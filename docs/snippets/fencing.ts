import { FenceGuard } from '@leasehold/core'

const guard = new FenceGuard()
const seats = new Map<string, string>()

function sell(seat: string, customer: string, fencingToken: bigint): void {
  guard.check(seat, fencingToken) // throws STALE_TOKEN
  seats.set(seat, customer)
}

sell('A1', 'Ada', 33n)
