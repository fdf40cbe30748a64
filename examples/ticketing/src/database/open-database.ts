import type { Database } from './database.ts'
import { openEmbeddedDatabase } from './embedded.ts'
import { openDatabaseServer } from './server.ts'

/** An embedded database belongs to one process and ends with it. */
export type DatabaseAddress = 'embedded' | ServerAddress

/** A Postgres server, which several processes may share. */
export type ServerAddress = `postgres://${string}` | `postgresql://${string}`

/** Throws `RangeError` for what is no such address. */
export function databaseAddress(text: string): ServerAddress {
  if (/^postgres(ql)?:\/\/./.test(text)) return text as ServerAddress
  throw new RangeError('--database is the address of a Postgres: postgres://…')
}

export function openDatabase(address: DatabaseAddress, longestIdleMs = 0): Promise<Database> {
  return address === 'embedded' ? openEmbeddedDatabase() : openDatabaseServer(address, longestIdleMs)
}
