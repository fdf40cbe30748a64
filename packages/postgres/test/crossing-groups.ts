import type { Claim } from '@leasehold/core'
import { expect } from 'vitest'
import { postgresRowsBackend, prune } from '../src/index.ts'
import { claimOn, type Database, terms } from './database.ts'

const KEYS = Array.from({ length: 6 }, (_, index) => `key ${index}`)

const someKeys = (): string[] =>
  KEYS.map((key) => ({ key, rank: Math.random() }))
    .sort((one, other) => one.rank - other.rank)
    .slice(0, 3)
    .map(({ key }) => key)

/** So many visitors take three keys of six in one statement, so often each, in whatever order, while holds expire, are renewed and pruned. */
export async function crossGroups({ pool, schema }: Database, visitors: number, rounds: number): Promise<void> {
  const backend = postgresRowsBackend({ pool, schema })
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
    await backend.renew([...claims].reverse().map((claim) => ({ ...claim, ttlMs: 3 })))
    if (granted % 3 === 0) await backend.releaseAll?.(claims)
    if (granted % 5 === 0) await prune(pool, { schema })
  }
  const visitor = async () => {
    for (let round = 0; round < rounds; round += 1) await visit()
  }
  await Promise.all(Array.from({ length: visitors }, visitor))
  expect(granted).toBeGreaterThan(0)
  expect(contended).toBeGreaterThan(0)
  expect(holders.size).toBe(KEYS.length)
}
