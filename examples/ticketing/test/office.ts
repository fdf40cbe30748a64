import { createLocks, type LockBackend, type Locks } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'
import { loadAuditorium } from '../src/auditorium.ts'
import type { Database } from '../src/database/database.ts'
import { openEmbeddedDatabase } from '../src/database/embedded.ts'
import { createTables } from '../src/database/schema.ts'
import { type OpenBoxOffice, openBoxOffice } from '../src/open-box-office.ts'
import type { Sale } from '../src/sale.ts'
import type { StrategyName } from '../src/strategies/index.ts'

export interface TestOffice extends AsyncDisposable {
  readonly address: string
  readonly db: Database
}

export interface TestOfficeOptions {
  readonly holdMs: number
  /** Left out: a database of its own, closed with the office. */
  readonly db?: Database
  /** Left out: locks in memory. */
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
  sweepMs: 50,
  bank: { delayMs: 0, slowMs: holdMs * 1.5, failureRate: 0 },
})

export async function openTestOffice(options: TestOfficeOptions): Promise<TestOffice> {
  const { holdMs, db: given, backend = memoryBackend(), strategy = 'fenced-lease' } = options
  const db = given ?? (await openEmbeddedDatabase())
  await createTables(db, await loadAuditorium())
  const locks = createLocks(backend, { ttlMs: holdMs, autoRenew: false })
  const office = await openBoxOffice({ node: 'node-1', db, locks, sale: { ...testSale(holdMs), strategy }, port: 0 })
  return {
    address: office.address,
    db,
    [Symbol.asyncDispose]: () => close(office, locks, given === undefined ? db : undefined),
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
