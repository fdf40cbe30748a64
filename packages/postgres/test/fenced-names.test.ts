import { randomBytes } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import { openDatabase } from './database.ts'

const { pool, schema, stop } = await openDatabase()
afterAll(stop)

it('the fence guard keeps names of any length apart', async () => {
  // What can be compressed would fit into an index.
  const names = [3000, 3000, 100_000].map((bytes) => randomBytes(bytes / 2).toString('hex'))
  const fence = (name: string, token: number) => pool.query(`select ${schema}.fence($1, $2)`, [name, token])
  for (const [index, name] of names.entries()) await fence(name, 10 - index)
  for (const [index, name] of names.entries()) {
    await expect(fence(name, 9 - index)).rejects.toMatchObject({ code: 'LH001' })
    await fence(name, 10 - index)
  }
})
