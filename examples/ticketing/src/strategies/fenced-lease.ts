import type { Lease, LeaseGroup } from '@leasehold/core'
import type { Database, Sql } from '../database/database.ts'
import { issueTickets } from '../database/orders.ts'
import { betweenHoldAndSale, handOff, orRelease, releaseAll, type SeatLeases } from './seat-leases.ts'
import type { Strategy } from './strategy.ts'

/**
 * A lease enters its seats: the row remembers the token, and from then on refuses every older one. Looking (is it unsold?) and raising the
 * fence are one statement. If they were two, an older lease could write in between, and both would sell.
 */
const ENTER = `
  update seats set fence = lease.token, held_by = $1
  from unnest($2::text[], $3::bigint[]) as lease (seat, token)
  where seats.id = lease.seat and seats.fence < lease.token and seats.sold_to is null
  returning seats.id`

/**
 * The sale. Not `fence < token`: this lease's own token is there since it entered, and a confirmation that is sent twice must find
 * the seat as open as the first time. Only a newer lease closes it.
 */
const SELL = `
  update seats set sold_to = $1
  from unnest($2::text[], $3::bigint[]) as lease (seat, token)
  where seats.id = lease.seat and seats.fence <= lease.token
  returning seats.id`

const FENCED_OFF = `
  select seats.id from seats
  join unnest($1::text[], $2::bigint[]) as lease (seat, token) on seats.id = lease.seat
  where seats.fence > lease.token`

type Tokens = readonly { readonly fencingToken: bigint | string }[]

const texts = (tokens: Tokens): string[] => tokens.map((one) => String(one.fencingToken))

async function enter(db: Database, hold: string, seats: readonly string[], leases: Tokens): Promise<boolean> {
  return db.transaction(async (sql) => (await sql.query(ENTER, [hold, seats, texts(leases)])).length === seats.length)
}

async function sellIfNewest(sql: Sql, order: string, seats: readonly string[], leases: Tokens): Promise<boolean> {
  return (await sql.query(SELL, [order, seats, texts(leases)])).length === seats.length
}

/** A lease a seat, and a database that refuses the write of an outdated one. This is the strategy of the box office. */
export function fencedLease(db: Database, leases: SeatLeases): Strategy {
  /** Leases that have entered all their seats; undefined where one is held or sold. */
  async function take(hold: string, seats: readonly string[]): Promise<readonly Lease[] | undefined> {
    const group = await leases.tryTake(seats)
    return group === null ? undefined : entered(hold, seats, group)
  }

  async function entered(
    hold: string,
    seats: readonly string[],
    group: LeaseGroup,
  ): Promise<readonly Lease[] | undefined> {
    const isIn = await orRelease(group, () => enter(db, hold, seats, group.leases))
    return isIn ? group.leases : undefined
  }

  return {
    name: 'fenced-lease',
    ...betweenHoldAndSale(leases),

    async take(hold, seats) {
      const held = await take(hold, seats)
      return held && handOff(hold, seats, held)
    },

    async wait(hold, seats, signal) {
      const held = await entered(hold, seats, await leases.wait(seats, signal))
      return held && handOff(hold, seats, held)
    },

    async sell({ seats, handles }, order, interruption) {
      const held = await leases.resume(handles)
      if (held === undefined) return 'expired'
      await interruption()
      const sold = await db.transaction(async (sql) => {
        if (!(await sellIfNewest(sql, order.id, seats, held))) return false
        await issueTickets(sql, order)
        return true
      })
      await releaseAll(held)
      return sold ? 'sold' : 'stale'
    },

    // That the lock service has freed the key is not enough: a late sale could still arrive. It cannot once a newer token stands
    // in one of the seats, so put one there, unless somebody else has.
    async isOver({ hold, seats, handles }) {
      const newer = await take(`after ${hold}`, seats.slice(0, 1))
      if (newer !== undefined) await releaseAll(newer)
      return (await db.query(FENCED_OFF, [seats, texts(handles)])).length > 0
    },
  }
}
