import { afterAll, it } from 'vitest'
import { openDatabase } from './database.ts'
import { holdLocks } from './many.ts'

const database = await openDatabase()
afterAll(database.stop)

it('five thousand advisory locks are renewed on four connections at most, and one more is refused', async () => {
  await holdLocks(database, 5000)
}, 240_000)
