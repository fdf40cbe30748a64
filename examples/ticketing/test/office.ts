import { createLocks, type LockBackend, type Locks } from '@leasehold/core'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'
import { loadAuditorium } from '../src/auditorium.ts'
import type { Database } from '../src/database/database.ts'
import { openEmbeddedDatabase } from '../src/database/embedded.ts'
import { createTables } from '../src/database/schema.ts'
import { type OpenBoxOffice, openBoxOffice } from '../src/open-box-office.ts'
import { type Bank, simulatedBank, TEST_CARDS } from '../src/payment/bank.ts'
import type { Sale } from '../src/sale.ts'
import type { StrategyName } from '../src/strategies/index.ts'
import { Gate } from './gate.ts'
import { OfficeClock } from './office-clock.ts'

export interface TestOffice extends AsyncDisposable {
  readonly address: string
  readonly db: Database
  /** Where the checkout of the card that freezes stands still. */
  readonly frozenCheckout: Gate
  /** Where the bank thinks about the card that is slow. */
  readonly slowBank: Gate
  /** The time of every hold that is open now is over. */
  runOut(): Promise<void>
}

export interface TestOfficeOptions {
  readonly holdMs: number
  /** Left out: a database of its own, closed with the office. */
  readonly db?: Database
  /** Left out: locks in memory, of which `runOut` can dispose. */
  readonly backend?: LockBackend
  /** Left out: fenced leases. */
  readonly strategy?: StrategyName
}

export const OPERATOR_KEY = '0123456789abcdef0123456789abcdef'

/** A sale whose bank answers at once and never fails by chance. */
export const testSale = (holdMs: number): Sale => ({
  name: `test-${crypto.randomUUID()}`,
  strategy: 'fenced-lease',
  operatorKey: OPERATOR_KEY,
  holdMs,
  freezeMs: holdMs * 1.5,
  // Each sweep is work for an embedded database, in the process that tests.
  sweepMs: 250,
  bank: { delayMs: 0, slowMs: holdMs * 1.5, failureRate: 0 },
})

export async function openTestOffice(options: TestOfficeOptions): Promise<TestOffice> {
  const clock = new OfficeClock()
  const {
    holdMs,
    db: given,
    backend = memoryBackend({ store: new MemoryStore({ clock }) }),
    strategy = 'fenced-lease',
  } = options
  const db = given ?? (await openEmbeddedDatabase())
  await createTables(db, await loadAuditorium())
  const locks = createLocks(backend, { clock, ttlMs: holdMs, autoRenew: false })
  const sale = { ...testSale(holdMs), strategy }
  const [frozenCheckout, slowBank] = [new Gate(), new Gate()]
  const office = await openBoxOffice({
    node: 'node-1',
    db,
    locks,
    sale,
    port: 0,
    standStill: () => frozenCheckout.pass(),
    bank: bankThatThinksAt(slowBank),
  })
  return {
    address: office.address,
    db,
    frozenCheckout,
    slowBank,
    async runOut() {
      clock.setForward(holdMs)
      await db.query(`update holds set runs_out_at = clock_timestamp() where runs_out_at is not null`)
    },
    [Symbol.asyncDispose]: () => close(office, locks, given === undefined ? db : undefined),
  }
}

function bankThatThinksAt(gate: Gate): Bank {
  const bank = simulatedBank({ delayMs: 0, slowMs: 0, failureRate: 0 })
  return {
    async charge(card, amountCents) {
      if (card === TEST_CARDS.slowerThanTheHold) await gate.pass()
      return bank.charge(card, amountCents)
    },
  }
}

async function close(office: OpenBoxOffice, locks: Locks, db: Database | undefined): Promise<void> {
  await office.close()
  await locks.close()
  await db?.close()
}

/** Every ticket ever issued for a seat, from the ledger. */
export async function ticketsFor(db: Database, seat: string): Promise<string[]> {
  const tickets = await db.query<{ order: string }>('select order_id as "order" from tickets where seat_id = $1', [
    seat,
  ])
  return tickets.map(({ order }) => order)
}

export async function stateOf(db: Database, seat: string): Promise<'free' | 'held' | 'sold'> {
  const [row] = await db.query<{ sold: boolean; held: boolean }>(
    `select sold_to is not null as sold, holds.id is not null as held from seats
     left join holds on holds.id = held_by and state in ('open', 'paying', 'paid') where seats.id = $1`,
    [seat],
  )
  return row?.sold ? 'sold' : row?.held ? 'held' : 'free'
}
