import { randomBytes } from 'node:crypto'
import { loadAuditorium } from '../auditorium.ts'
import type { Database } from './database.ts'
import { openDatabase, type ServerAddress } from './open-database.ts'
import { createTables } from './schema.ts'

/** A database of its own, on a server that others use: what is broken here is not for sale there. */
export interface SeparateDatabase {
  readonly address: ServerAddress
  readonly db: Database
  /** Every seat unsold again. No server may be open. */
  empty(): Promise<void>
  drop(): Promise<void>
}

export async function createSeparateDatabase(server: ServerAddress): Promise<SeparateDatabase> {
  const name = `leasehold_${randomBytes(4).toString('hex')}`
  await administer(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const address = url.href as ServerAddress
  const db = await openDatabase(address)
  return {
    address,
    db,
    empty: async () => createTables(db, await loadAuditorium()),
    async drop() {
      await db.close()
      await administer(server, `drop database if exists ${name} with (force)`)
    },
  }
}

async function administer(server: ServerAddress, statement: string): Promise<void> {
  const db = await openDatabase(server)
  try {
    await db.query(statement)
  } finally {
    await db.close()
  }
}
