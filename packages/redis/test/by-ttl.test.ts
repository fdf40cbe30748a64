import type { Claim, Grant } from '@leasehold/core'
import { expect, it } from 'vitest'
import { byTtl } from '../src/by-ttl.ts'

const claimOn = (key: string): Claim => ({ key, holder: key })
const grant = (ttlMs: number): Grant => ({ granted: true, ttlMs, fencingToken: 1n })
const three = [
  { ...claimOn('a'), ttlMs: 1000 },
  { ...claimOn('b'), ttlMs: 2000 },
  { ...claimOn('c'), ttlMs: 1000 },
]

it('claims of one TTL are renewed together, and answered in their order', async () => {
  const asked: string[] = []
  const answers = await byTtl(three, async (claims, ttlMs) => {
    asked.push(`${claims.map(({ key }) => key)} ${ttlMs}`)
    return claims.map(({ key }) => (key === 'c' ? 'gone' : grant(ttlMs)))
  })
  expect(asked).toEqual(['a,c 1000', 'b 2000'])
  expect(answers).toEqual([grant(1000), grant(2000), 'gone'])
  expect(await byTtl([], () => Promise.reject(new Error('asked for nothing')))).toEqual([])
})

it('what failed for one TTL is unknown, and not so for the others', async () => {
  const answers = await byTtl(three, async (claims, ttlMs) => {
    if (ttlMs === 2000) throw new Error('connection reset')
    return claims.map(() => grant(ttlMs))
  })
  expect(answers).toEqual([grant(1000), 'unknown', grant(1000)])
  await expect(byTtl(three, () => Promise.reject(new Error('connection reset')))).rejects.toThrow('connection reset')
})
