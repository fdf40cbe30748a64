import type { BoxOffice } from '../checkout/box-office.ts'
import type { HoldState } from '../checkout/hold-record.ts'
import type { SeatLock } from '../strategies/seat-leases.ts'

interface HoldNow {
  readonly id: string
  readonly state: HoldState
  readonly seats: readonly string[]
  /** Known once they are paid. */
  readonly buyer: string | null
  /** Server processes. */
  readonly heldOn: string
  readonly paidOn: string | null
  readonly heldMs: number
  /** By the clock of the database. */
  readonly remainingMs: number | null
  readonly tokens: readonly string[]
  readonly fences: readonly string[]
  readonly waiting: number
}

export interface HoldView extends HoldNow {
  /** What the lock server says of each seat now. */
  readonly locks: readonly (SeatLock | 'free' | 'no-answer')[]
}

const HOLDS = `
  select holds.id, holds.state, seats, buyer, held_on as "heldOn", payments.node as "paidOn",
    round(extract(epoch from clock_timestamp() - held_at) * 1000)::integer as "heldMs",
    greatest(0, round(extract(epoch from runs_out_at - clock_timestamp()) * 1000))::integer as "remainingMs",
    array(select handle ->> 'fencingToken' from jsonb_array_elements(handles) as handle) as tokens,
    array(select fence::text from unnest(holds.seats) with ordinality as own (seat, place) join seats on id = seat order by place) as fences,
    (select count(*) from waits where waits.seats && holds.seats)::integer as waiting
  from holds left join payments on payments.hold_id = holds.id
  where holds.state in ('open', 'paying', 'paid') order by held_at limit 200`

/** Who holds what: as the books have it, and as the lock server has it. */
export async function holdsNow({ db, leases }: BoxOffice): Promise<HoldView[]> {
  const holds = await db.query<HoldNow>(HOLDS)
  /** When the lock server is away, the operator wants to see the rest more than ever. */
  const look = async (seat: string) => {
    const lock = await leases.look(seat).catch(() => 'no-answer' as const)
    return lock ?? 'free'
  }
  return Promise.all(holds.map(async (hold) => ({ ...hold, locks: await Promise.all(hold.seats.map(look)) })))
}
