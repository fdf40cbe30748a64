import { afterAll, expect, it } from 'vitest'
import { claimOn, terms } from './claims.ts'
import { scriptsRun, startStanding } from './standing.ts'

const standing = await startStanding()
afterAll(standing.stop)

it('a group of fifty thousand keys is taken in a hundred parts, and refused to who comes later', async () => {
  const backend = standing.open()
  const claims = Array.from({ length: 50_000 }, (_, index) => claimOn(`group ${index}`))
  expect(await backend.tryAcquireAll?.(claims, terms())).toHaveLength(claims.length)
  expect(await scriptsRun(standing)).toBe(100)
  const others = claims.toReversed().map(({ key }) => claimOn(key))
  expect(await standing.open().tryAcquireAll?.(others, terms())).toMatchObject({ granted: false })
})
