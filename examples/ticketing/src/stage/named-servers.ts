import { createLocks } from '@leasehold/core'
import { openDatabase, type ServerAddress } from '../database/open-database.ts'
import type { LockAddress } from '../locks/lock-address.ts'
import { openBackend } from '../locks/open-backend.ts'

export interface NamedServers {
  readonly locks: LockAddress | undefined
  readonly database: ServerAddress | undefined
}

/** Rejects with the option and the reason where a server that the command line names does not answer. */
export async function assertThere({ locks, database }: NamedServers): Promise<void> {
  if (database !== undefined) await answers('--database', () => askDatabase(database))
  if (locks !== undefined) await answers('--locks', () => askLocks(locks))
}

async function answers(option: string, ask: () => Promise<unknown>): Promise<void> {
  await ask().catch((error: Error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message
    throw new Error(`What ${option} names does not answer: ${reason}`, { cause: error })
  })
}

async function askDatabase(address: ServerAddress): Promise<void> {
  const db = await openDatabase(address)
  try {
    await db.query('select 1')
  } finally {
    await db.close()
  }
}

async function askLocks(address: LockAddress): Promise<void> {
  await using locks = createLocks(await openBackend(address, 1000))
  await locks.named('is-anybody-there').inspect()
}
