import { randomBytes } from 'node:crypto'
import { loadAuditorium } from '../auditorium.ts'
import type { Database } from '../database/database.ts'
import { type DatabaseAddress, openDatabase } from '../database/open-database.ts'
import { createTables } from '../database/schema.ts'

/** A database of the lab's own, on the server of the shop: what is broken here is not for sale there. */
export interface LabDatabase {
  readonly address: DatabaseAddress
  readonly db: Database
  /** Every seat unsold again. No server may be open. */
  empty(): Promise<void>
  drop(): Promise<void>
}

export async function createLabDatabase(server: DatabaseAddress): Promise<LabDatabase> {
  const name = `leasehold_lab_${randomBytes(4).toString('hex')}`
  await administer(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const address = url.href as DatabaseAddress
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

async function administer(server: DatabaseAddress, statement: string): Promise<void> {
  const db = await openDatabase(server)
  try {
    await db.query(statement)
  } finally {
    await db.close()
  }
}
