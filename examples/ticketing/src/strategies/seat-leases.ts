import { allOf, type Json, type Lease, type LeaseGroup, type LeaseHandle, type Locks, resume } from '@leasehold/core'
import type { Reservation, Standing, Strategy } from './strategy.ts'

/** Leases that nobody renews while a customer makes up his mind: whoever walks away loses the seats. */
export interface SeatLeases {
  tryTake(seats: readonly string[]): Promise<LeaseGroup | null>
  /** Stands in line at the lock server, until it holds every seat; rejects when `signal` aborts. */
  wait(seats: readonly string[], signal: AbortSignal): Promise<LeaseGroup>
  /** Takes up the leases that an earlier request handed off, and prolongs them. Undefined: at least one is gone. */
  resume(handles: readonly LeaseHandle[]): Promise<readonly Lease[] | undefined>
  /** How the lock service sees the first seat of a reservation. */
  isHeld(reservation: Reservation): Promise<boolean>
  /** How the lock service sees a seat, for the eyes of the operator. */
  look(seat: string): Promise<SeatLock | null>
}

export interface SeatLock {
  readonly token: string
  readonly remainingMs: number
  readonly node: string
}

export interface SeatLeasesOptions {
  readonly locks: Locks
  /** Told of each lease that begins here. */
  readonly onLease?: ((lease: Lease) => void) | undefined
  readonly ttlMs: number
  /** Sets the keys of one sale apart from those of another on the same server. */
  readonly sale: string
  /** The server process, for the eyes of whoever inspects a lock. */
  readonly node: string
}

export function seatLeases({ locks, onLease = () => {}, ttlMs, sale, node }: SeatLeasesOptions): SeatLeases {
  const keyOf = (seat: string): string => `${sale}:seat:${seat}`
  const terms = { ttlMs, autoRenew: false, metadata: { node } }
  return {
    async tryTake(seats) {
      const group = await allOf(locks, seats.map(keyOf)).tryAcquire(terms)
      group?.leases.forEach(onLease)
      return group
    },

    async wait(seats, signal) {
      const group = await allOf(locks, seats.map(keyOf)).acquire({ ...terms, signal })
      group.leases.forEach(onLease)
      // A turn may come with a short time at first, to be confirmed.
      await orRelease(group, () => Promise.all(group.leases.map((lease) => lease.renew())))
      return group
    },

    async resume(handles) {
      const resumed = await Promise.all(handles.map((handle) => resume(locks, handle, { autoRenew: false })))
      const leases = resumed.filter((lease) => lease !== null)
      leases.forEach(onLease)
      if (leases.length === handles.length) return leases
      await releaseAll(leases)
      return undefined
    },

    async isHeld({ handles: [first] }) {
      if (first === undefined) return false
      const [present] = await locks.named(first.key).inspect()
      return present?.fencingToken === BigInt(first.fencingToken)
    },

    async look(seat) {
      const [present] = await locks.named(keyOf(seat)).inspect()
      return present
        ? {
            token: String(present.fencingToken),
            remainingMs: Math.round(present.remainingMs),
            node: nodeIn(present.metadata),
          }
        : null
    },
  }
}

const nodeIn = (metadata: Json | undefined): string =>
  typeof metadata === 'object' && metadata !== null && 'node' in metadata ? String(metadata['node']) : ''

/** What every strategy with leases does after a hold and before the sale. */
export const betweenHoldAndSale = (leases: SeatLeases): Pick<Strategy, 'keep' | 'giveBack'> => ({
  async keep({ hold, seats, handles }) {
    const held = await leases.resume(handles)
    return held && handOff(hold, seats, held)
  },
  async giveBack({ handles }) {
    await releaseAll((await leases.resume(handles)) ?? [])
  },
})

/** Leases of no use are released at once, not left to their TTL: where `use` resolves to false or rejects. */
export async function orRelease<T>(leases: Iterable<Lease>, use: () => Promise<T>): Promise<T> {
  let used: T | false = false
  try {
    used = await use()
    return used
  } finally {
    if (used === false) await releaseAll(leases)
  }
}

/** Where a release fails, the seat comes back when its TTL is over. */
export async function releaseAll(leases: Iterable<Lease>): Promise<void> {
  await Promise.allSettled(Array.from(leases, (lease) => lease.release()))
}

/** Ends the leases in this request, so that the next one can take them up, in this process or another. Undefined: this process stood still, and one is lost. */
export function handOff(hold: string, seats: readonly string[], leases: readonly Lease[]): Standing | undefined {
  const remainingMs = Math.min(...leases.map((lease) => lease.remainingMs))
  if (remainingMs === 0) return undefined
  return { reservation: { hold, seats, handles: leases.map((lease) => lease.handOff()) }, remainingMs }
}
