import { afterAll, describe, expect, it } from 'vitest'
import { ContendedTokens, naiveGoesBack, stepsBack } from './contended-tokens.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
afterAll(database.stop)
const tokens = await ContendedTokens.prepare(database, { contenders: 50, connections: 12 })

describe('fencing tokens, drawn slowly, with dozens of contenders, releases and expiries', { timeout: 60_000 }, () => {
  it('go back with the naive insert on conflict: this test can tell', async () => {
    expect(await naiveGoesBack(tokens)).toBe(true)
  })

  it('strictly increase in the order of the grants', async () => {
    expect(stepsBack(await tokens.ofRows())).toBe(0)
  })

  it('strictly increase while rows of free keys are deleted, and keys are taken in groups', async () => {
    expect(stepsBack(await tokens.ofPrunedRows())).toBe(0)
  })
})
