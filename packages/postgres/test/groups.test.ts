import type { Claim } from '@leasehold/core'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresRows, prune } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema } = database
afterAll(database.stop)

const KEYS = Array.from({ length: 6 }, (_, index) => `key ${index}`)
const ROUNDS = 40

const someKeys = (): string[] =>
  KEYS.map((key) => ({ key, rank: Math.random() }))
    .sort((one, other) => one.rank - other.rank)
    .slice(0, 3)
    .map(({ key }) => key)

describe('many keys in one statement', () => {
  it('do not deadlock, in whatever order they are named, while holds expire, are renewed and pruned', async () => {
    const backend = postgresRows({ pool, schema })
    const holders = new Map<string, Claim>()
    let granted = 0
    let contended = 0
    const visit = async () => {
      const claims = someKeys().map(claimOn)
      const answer = await backend.tryAcquireAll?.(claims, terms(3))
      if (!Array.isArray(answer)) {
        contended += 1
        return
      }
      granted += 1
      for (const claim of claims) holders.set(claim.key, claim)
      await backend.renew(claims.toReversed().map((claim) => ({ ...claim, ttlMs: 3 })))
      if (granted % 3 === 0) await Promise.all(claims.map((claim) => backend.release(claim)))
      if (granted % 5 === 0) await prune(pool, { schema })
    }
    const visitor = async () => {
      for (let round = 0; round < ROUNDS; round += 1) await visit()
    }
    await Promise.all(Array.from({ length: 30 }, visitor))
    expect(granted).toBeGreaterThan(0)
    expect(contended).toBeGreaterThan(0)
    expect(holders.size).toBe(KEYS.length)
  })

  it('leave nothing held when one of them is', async () => {
    const backend = postgresRows({ pool, schema })
    await backend.tryAcquire(claimOn('taken'), terms(60_000))
    const answer = await backend.tryAcquireAll?.([claimOn('free'), claimOn('taken')], terms(60_000))
    expect(answer).toMatchObject({ granted: false })
    expect(await backend.inspect?.('free')).toBeNull()
  })
})
