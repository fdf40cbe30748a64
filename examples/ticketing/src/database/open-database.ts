import type { Database } from './database.ts'
import { openEmbeddedDatabase } from './embedded.ts'
import { openDatabaseServer } from './server.ts'

/** An embedded database belongs to one process and ends with it. */
export type DatabaseAddress = 'embedded' | `postgres://${string}` | `postgresql://${string}`

export function databaseAddress(text: string): DatabaseAddress {
  if (text === 'embedded' || /^postgres(ql)?:\/\//.test(text)) return text as DatabaseAddress
  throw new RangeError('--database is the address of a Postgres: postgres://…')
}

export function openDatabase(address: DatabaseAddress, longestIdleMs = 0): Promise<Database> {
  return address === 'embedded' ? openEmbeddedDatabase() : openDatabaseServer(address, longestIdleMs)
}
