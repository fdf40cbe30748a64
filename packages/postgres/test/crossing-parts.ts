import type { Claim, LockBackend, Share } from '@leasehold/core'
import { checkHistory, type HistoryEvent } from '@leasehold/core/conformance'
import pg from 'pg'
import { expect } from 'vitest'
import { postgresRowsBackend, prune } from '../src/index.ts'
import { claimOn, type Database, terms } from './database.ts'

const KEYS = ['a', 'b', 'c']
const SHARES: readonly (Share | undefined)[] = [
  undefined,
  { kind: 'shared' },
  { kind: 'permits', take: 1, of: 3 },
  { kind: 'permits', take: 2, of: 4 },
]

const any = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T
const now = () => process.hrtime.bigint()
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Visit {
  readonly backend: LockBackend
  readonly claim: Claim
  readonly ttlMs: number
}

/** Waits for its turn and asks, as often as it takes; undefined where it gave up. */
async function turn({ backend, claim, ttlMs }: Visit): Promise<HistoryEvent | undefined> {
  const enough = AbortSignal.timeout(Math.random() < 0.2 ? 20 : 20_000)
  while (!enough.aborted) {
    const sentAt = now()
    const answer = await backend.tryAcquire(claim, terms(ttlMs))
    if (answer.granted) {
      const { fencingToken, slots } = answer
      const validUntil = sentAt + BigInt(Math.floor(answer.ttlMs * 1e6))
      const kind = claim.share && { kind: claim.share.kind, slots }
      return { type: 'granted', lease: claim.holder, key: claim.key, at: now(), validUntil, fencingToken, ...kind }
    }
    await backend.waitForTurn?.(claim, terms(ttlMs), enough)
  }
  return undefined
}

async function renewed({ backend, claim, ttlMs }: Visit): Promise<HistoryEvent[]> {
  const sentAt = now()
  const [renewal] = await backend.renew([{ ...claim, ttlMs }])
  if (typeof renewal !== 'object') return []
  return [{ type: 'renewed', lease: claim.holder, validUntil: sentAt + BigInt(ttlMs) * 1_000_000n }]
}

/** So many visitors want parts of three keys, or all of them, so often each, while holds expire, are renewed and pruned, and groups are wanted. What happened. */
export async function crossParts(database: Database, visitors: number, rounds: number): Promise<void> {
  const { pool, schema, url } = database
  const listen = () => new pg.Client({ connectionString: url })
  const backends = [0, 1, 2].map(() => postgresRowsBackend({ pool, schema, listen, statementTimeoutMs: 20_000 }))
  const events: HistoryEvent[] = []
  const granted = new Set<string>()
  const visit = async (backend: LockBackend) => {
    const share = any(SHARES)
    const claim = { ...claimOn(any(KEYS)), ...(share && { share }) }
    const ttlMs = any([30, 2000])
    events.push({ type: 'asked', lease: claim.holder, at: now() })
    const grant = await turn({ backend, claim, ttlMs })
    if (grant) {
      granted.add(share?.kind ?? 'whole')
      events.push(grant)
      await after(Math.random() * 4)
      events.push(...(await renewed({ backend, claim, ttlMs })))
      events.push({ type: 'ended', lease: claim.holder, at: now() })
      // Some die.
      if (Math.random() < 0.1) return
    }
    await (Math.random() < 0.5 ? backend.release(claim) : backend.releaseAll?.([claim]))
  }
  const group = async (backend: LockBackend) => {
    const claims = [...KEYS].sort(() => Math.random() - 0.5).map(claimOn)
    const answer = await backend.tryAcquireAll?.(claims, terms(2000))
    if (Array.isArray(answer)) await backend.releaseAll?.(claims)
    if (Math.random() < 0.2) await prune(pool, { schema })
  }
  const visitor = async (backend: LockBackend) => {
    for (let round = 0; round < rounds; round += 1) {
      await visit(backend)
      await group(backend)
    }
  }
  await Promise.all(Array.from({ length: visitors }, (_, index) => visitor(backends[index % 3] as LockBackend)))
  await Promise.all(backends.map((backend) => backend.close?.()))
  expect(checkHistory(events)).toEqual([])
  expect([...granted].sort()).toEqual(['permits', 'shared', 'whole'])
}
