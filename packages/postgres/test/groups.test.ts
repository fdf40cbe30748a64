import { afterAll, describe, expect, it } from 'vitest'
import { postgresRowsBackend } from '../src/index.ts'
import { crossGroups } from './crossing-groups.ts'
import { crossParts } from './crossing-parts.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema } = database
afterAll(database.stop)

describe('many keys in one statement', () => {
  it('do not deadlock, in whatever order they are named, while holds expire, are renewed and pruned', async () => {
    await crossGroups(database, 12, 20)
  })

  it('and parts of them exclude whom they should, and do not deadlock, while holds expire, die, are renewed and pruned', async () => {
    await crossParts(database, 12, 15)
  })

  it('leave nothing held when one of them is', async () => {
    const backend = postgresRowsBackend({ pool, schema })
    await backend.tryAcquire(claimOn('taken'), terms(60_000))
    const answer = await backend.tryAcquireAll?.([claimOn('free'), claimOn('taken')], terms(60_000))
    expect(answer).toMatchObject({ granted: false })
    expect(await backend.inspect?.('free')).toEqual([])
  })
})
