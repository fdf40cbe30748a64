import { type Clock, createLocks, type Lease, type LockEvent } from '@leasehold/core'
import { loadAuditorium } from '../auditorium.ts'
import type { Database } from '../database/database.ts'
import { openDatabase } from '../database/open-database.ts'
import { createTables } from '../database/schema.ts'
import { openBackend } from '../locks/open-backend.ts'
import { type BoxOfficeOptions, type OpenBoxOffice, openBoxOffice } from '../open-box-office.ts'
import type { NodeTerms } from './node-terms.ts'
import { type Validity, watchLease } from './validity.ts'

export interface NodeOptions
  extends Pick<BoxOfficeOptions, 'port' | 'orAnyPort' | 'standStill'>,
    Omit<NodeTerms, 'tellsOfLeases'> {
  readonly onLockEvent?: (event: LockEvent) => void
  readonly onValidity?: (validity: Validity) => void
  readonly clock?: Clock
}

export interface OpenNode extends OpenBoxOffice {
  readonly db: Database
}

/** One server of the box office, with connections of its own. An embedded database begins with empty tables. */
export async function openNode({
  name,
  database,
  locks: address,
  sale,
  onLockEvent,
  onValidity,
  clock,
  ...options
}: NodeOptions): Promise<OpenNode> {
  // The row lock's whole point is to be waited for.
  const db = await openDatabase(database, sale.strategy === 'row-lock' ? 0 : sale.holdMs)
  if (database === 'embedded') await createTables(db, await loadAuditorium(), sale.seats)
  const backend = await openBackend(address, sale.holdMs)
  const locks = createLocks(backend, { ttlMs: sale.holdMs, autoRenew: false, onEvent: onLockEvent, clock })
  const onLease = onValidity && ((lease: Lease) => watchLease(lease, onValidity))
  const office = await openBoxOffice({ node: name, db, locks, onLease, sale, ...options })
  return {
    ...office,
    db,
    async close() {
      await office.close()
      await locks.close()
      await db.close()
    },
  }
}
