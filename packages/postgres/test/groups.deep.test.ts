import { afterAll, it } from 'vitest'
import { crossGroups } from './crossing-groups.ts'
import { crossParts } from './crossing-parts.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
afterAll(database.stop)

it('many keys in one statement do not deadlock, in whatever order thirty visitors name them again and again', async () => {
  await crossGroups(database, 30, 200)
})

it('parts of keys exclude whom they should, and do not deadlock, among thirty visitors', async () => {
  await crossParts(database, 30, 60)
})
