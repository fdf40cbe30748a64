import type { DatabaseAddress } from '../database/open-database.ts'
import type { LockAddress } from '../locks/lock-address.ts'
import type { Sale } from '../sale.ts'

/** What a server process needs to know. Plain data. */
export interface NodeTerms {
  readonly name: string
  readonly database: DatabaseAddress
  readonly locks: LockAddress
  readonly sale: Sale
  /** It tells what becomes of its leases, and how long each is good for. */
  readonly tellsOfLeases?: boolean
}
